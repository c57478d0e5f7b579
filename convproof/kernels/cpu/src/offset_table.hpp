// Offset-table kernel: lanes are pixels of a row, the weights of a few output channels are broadcast.
//
// For layers with few output channels or few terms, where transposing sums back to planes (the row
// kernel) would cost more than the arithmetic:
//
//   sums[channel][pixel] += weight[term][channel] * input[offset[term] + pixel]
//
// The offset of a term encodes its channel and its tap, so dilation, stride (through the phases of
// the tile copy), groups and one to three axes are all the same loop.
#pragma once

#include <array>

#include "job.hpp"
#include "scratch.hpp"
#include "terms.hpp"
#include "tile.hpp"

namespace convproof {

template <class T>
using PixelPanel = void (*)(int64_t terms, const T* input, const int64_t* offset, const T* weight, T* sums, bool add);

template <class T, class V, int channels, int vectors>
CONVPROOF_NOINLINE void pixel_panel(int64_t terms, const T* input, const int64_t* offset, const T* weight, T* sums,
                                    bool add) {
  constexpr int L = V::lanes;
  V sum[channels][vectors];
  CONVPROOF_UNROLL
  for (int m = 0; m < channels; m++) {
    CONVPROOF_UNROLL
    for (int v = 0; v < vectors; v++) sum[m][v] = V::zero();
  }
  for (int64_t k = 0; k < terms; k++) {
    const T* x = input + offset[k];
    V pixel[vectors];
    CONVPROOF_UNROLL
    for (int v = 0; v < vectors; v++) pixel[v] = V::load(x + v * L);
    CONVPROOF_UNROLL
    for (int m = 0; m < channels; m++) {
      const V w = V::fill(weight[m]);
      CONVPROOF_UNROLL
      for (int v = 0; v < vectors; v++) sum[m][v].add_product(w, pixel[v]);
    }
    weight += channels;
  }
  CONVPROOF_UNROLL
  for (int m = 0; m < channels; m++) {
    CONVPROOF_UNROLL
    for (int v = 0; v < vectors; v++) {
      T* to = sums + (m * vectors + v) * L;
      if (add) sum[m][v] += V::load(to);
      sum[m][v].store(to);
    }
  }
}

// The panel kernels by number of output channels.
template <class T, class V, int vectors, int... channels>
constexpr std::array<PixelPanel<T>, sizeof...(channels) + 1> pixel_panels(std::integer_sequence<int, channels...>) {
  return {{nullptr, pixel_panel<T, V, channels + 1, vectors>...}};
}

template <class T, class V>
class OffsetTableJob final : public Job {
  static constexpr int L = V::lanes;
  static constexpr int vectors = 2;
  static constexpr int64_t panel = vectors * L;  // pixels
  static constexpr int block = sum_rows<V>;      // output channels
  static constexpr int64_t tile_pixels = 512;
  static constexpr int64_t tile_bytes = 256 << 10;

 public:
  OffsetTableJob(Correlation correlation, const T* input, const T* weight, const T* bias, T* output)
      : c_(std::move(correlation)), input_(input), weight_(weight), bias_(bias), output_(output), terms_(c_),
        tiling_(c_, tile_rows(c_), tile_pixels),
        layout_(c_, tiling_, panel, sizeof(T)),
        blocks_((c_.out_channels + block - 1) / block), packed_(c_.groups * c_.out_channels * c_.terms()) {
    offset_.resize(static_cast<std::size_t>(c_.terms()));
    weight_offset_.resize(offset_.size());
    for (const Chunk& chunk : terms_.chunks()) {
      terms_.each_term(chunk, [&](int64_t term, int64_t ch, int64_t t, int64_t r, int64_t s) {
        offset_[chunk.begin + term] = layout_.offset(ch, t, r, s);
        weight_offset_[chunk.begin + term] = ch * c_.weight_in + c_.axis[0].taps[t].weight +
                                             c_.axis[1].taps[r].weight + c_.axis[2].taps[s].weight;
      });
    }
  }

  int64_t packing_tasks() const override { return c_.groups; }

  // packed[group][block][term][channel of the block]
  void pack(int64_t group) override {
    const T* w = weight_ + group * c_.weight_group;
    T* packed = packed_.data() + group * c_.out_channels * c_.terms();
    for (int64_t b = 0; b < blocks_; b++) {
      const Range channels = channels_of(b);
      for (int64_t term = 0; term < c_.terms(); term++) {
        for (int64_t m = channels.begin; m < channels.end; m++) {
          *packed++ = w[m * c_.weight_out + weight_offset_[term]];
        }
      }
    }
  }

  int64_t tasks() const override { return c_.images * c_.groups * tiling_.count(); }

  void run(int64_t task) override {
    const int64_t group = task / tiling_.count() % c_.groups, image = task / tiling_.count() / c_.groups;
    const Tile tile = tiling_[task % tiling_.count()];
    if (tile.rows() <= 0) return;
    Scratch<T> copy(layout_.size(c_.in_channels));
    Scratch<T> sums(block * panel);
    const T* x = layout_.template load<T, V>(input_ + c_.input_of(image, group), c_.in_channels, tile, copy.data());
    for (int64_t i = tile.row_begin; i < tile.row_end; i++) {
      for (int64_t j = 0; j < tile.columns(); j += panel) {
        for (int64_t b = 0; b < blocks_; b++) {
          sum_panel(group, b, tile, i, x + layout_.row(tile, i) + j, sums.data());
          write_panel(image, group, b, tile, i, j, sums.data());
        }
      }
    }
  }

 private:
  static int64_t tile_rows(const Correlation& c) {
    const int64_t columns = std::max<int64_t>(1, std::min(c.axis[2].outputs, tile_pixels));
    const int64_t row_bytes = std::max<int64_t>(1, c.in_channels * columns * c.axis[1].step * int64_t(sizeof(T)));
    const int64_t rows = std::min(4 * tile_pixels / columns, tile_bytes / row_bytes);
    // Neighbouring tiles both copy the rows they share, so a tile is not much flatter than that overlap.
    const int64_t overlap = std::min<int64_t>(64, c.axis[1].span() / c.axis[1].step);
    return std::max<int64_t>({1, rows, overlap});
  }

  Range channels_of(int64_t b) const { return share_of(c_.out_channels, b, blocks_); }

  // Sums one panel of pixels of output row i for one block of channels.
  void sum_panel(int64_t group, int64_t b, const Tile& tile, int64_t i, const T* row, T* sums) const {
    static constexpr auto kernels = pixel_panels<T, V, vectors>(std::make_integer_sequence<int, block>());
    const int64_t channels = channels_of(b).count();
    const T* packed = packed_.data() + (group * c_.out_channels + channels_of(b).begin) * c_.terms();
    const Range t = c_.axis[0].in_range(tile.depth), r = c_.axis[1].in_range(i);
    bool add = false;
    for (const Chunk& chunk : terms_.chunks()) {
      terms_.each_run(chunk, t, r, [&](int64_t begin, int64_t end) {
        kernels[channels](end - begin, row, offset_.data() + chunk.begin + begin,
                          packed + (chunk.begin + begin) * channels, sums, add);
        add = true;
      });
    }
    if (!add) std::fill(sums, sums + channels * panel, T(0));
  }

  void write_panel(int64_t image, int64_t group, int64_t b, const Tile& tile, int64_t i, int64_t j,
                   const T* sums) const {
    const int64_t stride = c_.axis[2].output_stride;
    T* row = output_ + c_.output_of(image, group) + tile.depth * c_.axis[0].output_stride +
             i * c_.axis[1].output_stride + (tile.column_begin + j) * stride;
    const Range channels = channels_of(b);
    for (int64_t m = channels.begin; m < channels.end; m++) {
      T* out = row + m * c_.output_plane;
      for (int64_t p = 0; p < std::min(panel, tile.columns() - j); p += L) {
        V value = V::load(sums + (m - channels.begin) * panel + p);
        if (bias_) value += V::fill(bias_[group * c_.out_channels + m]);
        const int64_t left = tile.columns() - j - p;
        if (stride != 1) value.store_strided(out + p * stride, stride, left);
        else if (left >= L) value.store(out + p);
        else value.store_first(out + p, left);
      }
    }
  }

  const Correlation c_;
  const T *input_, *weight_, *bias_;
  T* output_;
  const Terms terms_;
  const Tiling tiling_;
  const TileLayout layout_;
  const int64_t blocks_;
  Scratch<T> packed_;
  std::vector<int64_t> offset_;         // by term, into the tile copy
  std::vector<int64_t> weight_offset_;  // by term, into the weight
};

}  // namespace convproof
