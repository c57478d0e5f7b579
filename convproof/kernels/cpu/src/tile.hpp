// Tiles: blocks of output rows, and the padded, phase-split copy of the input that each one needs.
//
// The copy makes every tap of every output row a run of consecutive elements, whatever the stride:
//
//   input row, column step 2, 3 taps, pad 1:      0 a b c d e f g 0
//   phase 0 (columns -1, 1, 3, ...)               0 b d f 0         taps 0 and 2 (one further on)
//   phase 1 (columns  0, 2, 4, ...)               a c e g           tap 1
//
// and leaves out phases and rows that no tap reads. Columns outside the input are written as zeros;
// rows and planes outside the input are neither written nor read (their terms are skipped). A pointwise
// correlation needs no copy: its tiles are read in place.
//
//   copy[channel][depth tap][stored row][phase][column]
#pragma once

#include <algorithm>
#include <vector>

#include "correlation.hpp"
#include "phases.hpp"

namespace convproof {

// A block of outputs: one depth, rows and columns [begin, end).
struct Tile {
  int64_t depth;
  int64_t row_begin, row_end;
  int64_t column_begin, column_end;
  int64_t rows() const { return row_end - row_begin; }
  int64_t columns() const { return column_end - column_begin; }
};

// How the outputs of one image are cut into tiles.
class Tiling {
 public:
  // Tiles of at most `columns` columns and about `rows` rows, both at least one.
  Tiling(const Correlation& c, int64_t rows, int64_t columns)
      : depths_(c.axis[0].outputs), rows_(c.axis[1].outputs), columns_(c.axis[2].outputs) {
    row_blocks_ = std::max<int64_t>(1, (rows_ + rows - 1) / rows);
    column_blocks_ = std::max<int64_t>(1, (columns_ + columns - 1) / columns);
    block_rows_ = (rows_ + row_blocks_ - 1) / row_blocks_;
    block_columns_ = std::min(columns, columns_);
  }
  int64_t count() const { return depths_ * row_blocks_ * column_blocks_; }
  int64_t block_rows() const { return block_rows_; }
  int64_t block_columns() const { return block_columns_; }

  Tile operator[](int64_t i) const {
    const int64_t column = i % column_blocks_ * block_columns_;
    const int64_t row = i / column_blocks_ % row_blocks_ * block_rows_;
    return Tile{i / column_blocks_ / row_blocks_, std::min(rows_, row), std::min(rows_, row + block_rows_), column,
                std::min(columns_, column + block_columns_)};
  }

 private:
  const int64_t depths_, rows_, columns_;
  int64_t row_blocks_, column_blocks_, block_rows_, block_columns_;
};

// dst[i] = src[first + step * i], zero where that lies outside [0, n)
template <class T, class V>
void copy_phase(const T* src, int64_t n, int64_t first, int64_t step, int64_t count, T* dst) {
  const int64_t begin = std::min(count, first >= 0 ? 0 : (-first + step - 1) / step);
  const int64_t end = std::max(begin, std::min(count, first >= n ? 0 : (n - first + step - 1) / step));
  int64_t i = 0;
  for (; i < begin; i++) dst[i] = T(0);
  const T* from = src + first;
  if (step == 1) {
    for (; i + V::lanes <= end; i += V::lanes) V::load(from + i).store(dst + i);
    if (i < end) V::load_first(from + i, end - i).store_first(dst + i, end - i);
    i = end;
  } else if (step == 2) {
    // The last vector of pairs would read one element past the last one wanted.
    for (; i + V::lanes < end; i += V::lanes) {
      even_lanes(V::load(from + 2 * i), V::load(from + 2 * i + V::lanes)).store(dst + i);
    }
  }
  for (; i < end; i++) dst[i] = from[step * i];
  for (; i < count; i++) dst[i] = T(0);
}

class TileLayout {
 public:
  // A kernel reads the columns of a tile in multiples of `granularity`: one by one, or whole vectors.
  TileLayout(const Correlation& c, const Tiling& tiling, int64_t granularity, int64_t scalar_bytes) : c_(c) {
    const Axis& row = c.axis[1];
    const Axis& column = c.axis[2];
    row_unit_ = row.count() == 1 ? row.step : 1;
    stored_rows_ = row.count() ? (tiling.block_rows() - 1) * (row.step / row_unit_) + row.span() / row_unit_ + 1 : 0;
    find_phases();
    const int64_t read = (tiling.block_columns() + granularity - 1) / granularity * granularity;
    phase_length_ = read + column.span() / column.step;
    pitch_ = phase_length_ * static_cast<int64_t>(residues_.size());
    plane_ = stored_rows_ * pitch_;
    const bool exact = tiling.block_columns() % granularity == 0 && column.outputs % granularity == 0;
    in_place_ = exact && c.axis[0].is_pointwise() && row.is_pointwise() && column.is_pointwise();
    if (in_place_) {
      pitch_ = column.inputs;
      channel_ = c.input_plane();
      return;
    }
    // An odd number of cache lines between channels, so that they do not fall into the same cache sets.
    const int64_t line = std::max<int64_t>(1, 64 / scalar_bytes);
    channel_ = ((c.axis[0].count() * plane_ + line - 1) / line | 1) * line;
  }

  // Elements of scratch that the copy of a tile takes.
  int64_t size(int64_t channels) const { return in_place_ ? 0 : channels * channel_; }

  // Where the input of a tap lies, from the start of the output row.
  int64_t offset(int64_t channel, int64_t t, int64_t r, int64_t s) const {
    const Axis& row = c_.axis[1];
    const Axis& column = c_.axis[2];
    const int64_t up = (row.taps[r].shift - row.first_shift()) / row_unit_;
    const int64_t right = column.taps[s].shift - column.first_shift();
    return channel * channel_ + t * plane_ + up * pitch_ + phase_of_[s] * phase_length_ + right / column.step;
  }
  // Where an output row starts in the copy.
  int64_t row(const Tile& tile, int64_t output_row) const {
    return (output_row - tile.row_begin) * (c_.axis[1].step / row_unit_) * pitch_;
  }
  int64_t row_stride() const { return c_.axis[1].step / row_unit_ * pitch_; }

  // The tile of `channels` channels from `input` on: copied into `copy`, or in place. All offsets count
  // from the pointer returned.
  template <class T, class V>
  const T* load(const T* input, int64_t channels, const Tile& tile, T* copy) const {
    const Axis &depth = c_.axis[0], &row = c_.axis[1], &column = c_.axis[2];
    if (in_place_) return input + (tile.depth * row.inputs + tile.row_begin) * column.inputs + tile.column_begin;
    if (c_.taps() == 0) return copy;
    for (int64_t ch = 0; ch < channels; ch++) {
      for (int64_t t = 0; t < depth.count(); t++) {
        const int64_t z = tile.depth * depth.step + depth.taps[t].shift;
        if (z < 0 || z >= depth.inputs) continue;
        const T* plane = input + (ch * depth.inputs + z) * row.inputs * column.inputs;
        copy_plane<T, V>(plane, tile, copy + ch * channel_ + t * plane_);
      }
    }
    return copy;
  }

 private:
  // Residues of the column taps modulo the step, each once, and the phase that every tap reads.
  void find_phases() {
    const Axis& column = c_.axis[2];
    for (const Tap& tap : column.taps) {
      const int64_t residue = (tap.shift - column.first_shift()) % column.step;
      const auto found = std::find(residues_.begin(), residues_.end(), residue);
      phase_of_.push_back(found - residues_.begin());
      if (found == residues_.end()) residues_.push_back(residue);
    }
  }

  template <class T, class V>
  void copy_plane(const T* plane, const Tile& tile, T* copy) const {
    const Axis& row = c_.axis[1];
    const Axis& column = c_.axis[2];
    const int64_t first_row = tile.row_begin * row.step + row.first_shift();
    const int64_t first_column = tile.column_begin * column.step + column.first_shift();
    const int64_t rows = (tile.rows() - 1) * (row.step / row_unit_) + row.span() / row_unit_ + 1;
    for (int64_t z = 0; z < rows; z++) {
      const int64_t h = first_row + z * row_unit_;
      if (h < 0 || h >= row.inputs) continue;
      for (std::size_t f = 0; f < residues_.size(); f++) {
        copy_phase<T, V>(plane + h * column.inputs, column.inputs, first_column + residues_[f], column.step,
                         phase_length_, copy + z * pitch_ + static_cast<int64_t>(f) * phase_length_);
      }
    }
  }

  const Correlation& c_;
  bool in_place_;        // tiles are read straight from the input
  int64_t row_unit_;     // input rows between stored rows
  int64_t stored_rows_;
  int64_t phase_length_, pitch_, plane_, channel_;
  std::vector<int64_t> residues_;  // of the phases that are stored
  std::vector<int64_t> phase_of_;  // by column tap
};

}  // namespace convproof
