// Even and odd lanes of two neighbouring vectors: rows read at a step of two.
#pragma once

#include "transpose.hpp"

namespace convproof {

struct EvenLanes {
  static constexpr int from(int lane) { return 2 * lane; }
};
struct OddLanes {
  static constexpr int from(int lane) { return 2 * lane + 1; }
};

// a0 a2 ... b0 b2 ...
template <class V>
CONVPROOF_INLINE V even_lanes(const V& a, const V& b) {
  return permute<EvenLanes>(a, b, std::make_integer_sequence<int, V::lanes>());
}

// a1 a3 ... b1 b3 ...
template <class V>
CONVPROOF_INLINE V odd_lanes(const V& a, const V& b) {
  return permute<OddLanes>(a, b, std::make_integer_sequence<int, V::lanes>());
}

}  // namespace convproof
