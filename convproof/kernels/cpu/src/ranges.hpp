// Ranges of indices, and how a count of things is shared out.
#pragma once

#include <cstdint>

namespace convproof {

using std::int64_t;

// The indices [begin, end).
struct Range {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

// Share number i of `parts` shares of `count` things: neighbours lie side by side, and no two shares
// differ by more than one.
inline Range share_of(int64_t count, int64_t i, int64_t parts) {
  return Range{count * i / parts, count * (i + 1) / parts};
}

}  // namespace convproof
