// The terms of one output, in the order in which they are added, and where each finds its input.
//
//   for every chunk of channels:  for depth tap: for row tap: for channel: for column tap
//
// Row taps come before channels, so the terms of the row taps that meet the input are one
// consecutive run and padding rows are skipped, not multiplied by zero. A chunk is a stretch of
// about `chunk_terms` terms: it is summed from zero and then added to the output, so rounding errors
// grow with the length of a chunk and the number of chunks, not with the length of the whole sum.
#pragma once

#include <algorithm>
#include <vector>

#include "correlation.hpp"

namespace convproof {

constexpr int64_t chunk_terms = 144;

struct Chunk {
  int64_t first_channel, channels;
  int64_t begin, terms;  // position and number of its terms
};

class Terms {
 public:
  explicit Terms(const Correlation& c) {
    depth_taps_ = c.axis[0].count();
    row_taps_ = c.axis[1].count();
    column_taps_ = c.axis[2].count();
    const int64_t taps = c.taps();
    int64_t channels = std::max<int64_t>(1, taps ? chunk_terms / taps : c.in_channels);
    if (2 * c.terms() <= 3 * chunk_terms) channels = c.in_channels;
    const int64_t count = c.in_channels ? (c.in_channels + channels - 1) / channels : 0;
    for (int64_t i = 0; i < count; i++) {
      const Range share = share_of(c.in_channels, i, count);
      chunks_.push_back(Chunk{share.begin, share.count(), share.begin * taps, share.count() * taps});
    }
  }

  const std::vector<Chunk>& chunks() const { return chunks_; }

  // Calls visit(term, channel, t, r, s) for the terms of a chunk in order; term counts from its start.
  template <class Visit>
  void each_term(const Chunk& chunk, Visit&& visit) const {
    int64_t term = 0;
    for (int64_t t = 0; t < depth_taps_; t++)
      for (int64_t r = 0; r < row_taps_; r++)
        for (int64_t c = 0; c < chunk.channels; c++)
          for (int64_t s = 0; s < column_taps_; s++) visit(term++, chunk.first_channel + c, t, r, s);
  }

  // Calls visit(begin, end) for the runs of consecutive terms, counted from the start of the chunk,
  // that belong to the given depth and row taps; none is much longer than a chunk should be.
  template <class Visit>
  void each_run(const Chunk& chunk, Range t, Range r, Visit&& visit) const {
    if (t.count() <= 0 || r.count() <= 0) return;
    const int64_t row = chunk.channels * column_taps_;
    if (r.count() == row_taps_) return each_piece(t.begin * row_taps_ * row, t.end * row_taps_ * row, visit);
    for (int64_t d = t.begin; d < t.end; d++) {
      each_piece((d * row_taps_ + r.begin) * row, (d * row_taps_ + r.end) * row, visit);
    }
  }

 private:
  template <class Visit>
  static void each_piece(int64_t begin, int64_t end, Visit&& visit) {
    while (2 * (end - begin) > 3 * chunk_terms) {
      visit(begin, begin + chunk_terms);
      begin += chunk_terms;
    }
    if (begin < end) visit(begin, end);
  }

  int64_t depth_taps_, row_taps_, column_taps_;
  std::vector<Chunk> chunks_;
};

}  // namespace convproof
