// Row kernel: lanes are output channels, the pixels of a row are broadcast.
//
// The workhorse of dense layers. For a panel of up to 14 neighbouring pixels it keeps 14 x 2
// vectors of sums in registers; each term costs two loads of packed weights and one broadcast per
// pixel:
//
//   sums[pixel][channel] += input[offset[term] + pixel] * weight[term][channel]
//
// Weights are packed in blocks of two vectors of channels; sums wait in a small buffer
// [pixel][channel] until all chunks are added, and are then transposed into the output planes.
#pragma once

#include <array>

#include "job.hpp"
#include "scratch.hpp"
#include "terms.hpp"
#include "tile.hpp"
#include "transpose.hpp"

namespace convproof {

template <class T>
using RowPanel = void (*)(int64_t terms, const T* input, const int64_t* offset, const T* weight, T* sums, bool add);

template <class T, class V, int pixels, int vectors>
CONVPROOF_NOINLINE void row_panel(int64_t terms, const T* input, const int64_t* offset, const T* weight, T* sums,
                                  bool add) {
  constexpr int L = V::lanes;
  V sum[pixels][vectors];
  CONVPROOF_UNROLL
  for (int p = 0; p < pixels; p++) {
    CONVPROOF_UNROLL
    for (int v = 0; v < vectors; v++) sum[p][v] = V::zero();
  }
  for (int64_t k = 0; k < terms; k++) {
    const T* x = input + offset[k];
    V w[vectors];
    CONVPROOF_UNROLL
    for (int v = 0; v < vectors; v++) w[v] = V::load(weight + v * L);
    weight += vectors * L;
    CONVPROOF_UNROLL
    for (int p = 0; p < pixels; p++) {
      const V pixel = V::fill(x[p]);
      CONVPROOF_UNROLL
      for (int v = 0; v < vectors; v++) sum[p][v].add_product(pixel, w[v]);
    }
  }
  CONVPROOF_UNROLL
  for (int p = 0; p < pixels; p++) {
    CONVPROOF_UNROLL
    for (int v = 0; v < vectors; v++) {
      T* to = sums + (p * vectors + v) * L;
      if (add) sum[p][v] += V::load(to);
      sum[p][v].store(to);
    }
  }
}

// The panel kernels by number of pixels.
template <class T, class V, int vectors, int... pixels>
constexpr std::array<RowPanel<T>, sizeof...(pixels) + 1> row_panels(std::integer_sequence<int, pixels...>) {
  return {{nullptr, row_panel<T, V, pixels + 1, vectors>...}};
}

template <class T, class V>
class RowJob final : public Job {
  static constexpr int L = V::lanes;
  static constexpr int panel = sum_rows<V>;
  static constexpr int64_t block = 2 * L;          // output channels of a full block
  static constexpr int64_t tile_pixels = 36 * 14;  // sums of a tile and its input stay in the second-level cache

 public:
  RowJob(Correlation correlation, const T* input, const T* weight, const T* bias, T* output, int threads)
      : c_(std::move(correlation)), input_(input), weight_(weight), bias_(bias), output_(output), terms_(c_),
        tiling_(c_, tile_rows(c_), tile_pixels), layout_(c_, tiling_, 1, sizeof(T)),
        blocks_((c_.out_channels + block - 1) / block),
        packs_once_(c_.images * tiling_.count() > 1),
        packed_(packs_once_ ? c_.groups * blocks_ * c_.terms() * block : 0) {
    build_tables();
    const int64_t maps = c_.images * c_.groups * tiling_.count();
    splits_ = threads < 2 || maps == 0 ? 1 : std::min(blocks_, (3 * threads + maps - 1) / maps);
  }

  int64_t packing_tasks() const override { return packs_once_ ? c_.groups * blocks_ : 0; }

  void pack(int64_t task) override {
    const int64_t group = task / blocks_, b = task % blocks_;
    for (const Chunk& chunk : terms_.chunks()) {
      pack_chunk(group, b, chunk, packed_block(group, b) + chunk.begin * width(b));
    }
  }

  // A task is a tile of one image and group, and a share of its output channels.
  int64_t tasks() const override { return c_.images * c_.groups * tiling_.count() * splits_; }

  void run(int64_t task) override {
    const int64_t split = task % splits_, map = task / splits_;
    const int64_t group = map / tiling_.count() % c_.groups, image = map / tiling_.count() / c_.groups;
    const Tile tile = tiling_[map % tiling_.count()];
    if (tile.rows() <= 0) return;

    Scratch<T> copy(layout_.size(c_.in_channels));
    Scratch<T> sums(tile.rows() * tile.columns() * block);
    const T* x = layout_.template load<T, V>(input_ + c_.input_of(image, group), c_.in_channels, tile, copy.data());
    const Range blocks = share_of(blocks_, split, splits_);
    for (int64_t b = blocks.begin; b < blocks.end; b++) {
      sum_block(group, b, tile, x, sums.data());
      write_block(image, group, b, tile, sums.data());
    }
  }

 private:
  static int64_t tile_rows(const Correlation& c) {
    // Neighbouring tiles both copy the rows they share, so a tile is not much flatter than that overlap.
    const int64_t rows = tile_pixels / std::max<int64_t>(1, c.axis[2].outputs);
    const int64_t overlap = std::min(c.axis[1].span() / c.axis[1].step, 4 * rows);
    return std::max<int64_t>({1, rows, overlap});
  }

  int64_t channels_of(int64_t b) const { return std::min(block, c_.out_channels - b * block); }
  // Lanes that a block is packed with: one vector suffices for a short last block.
  int64_t width(int64_t b) const { return channels_of(b) <= L ? L : block; }
  T* packed_block(int64_t group, int64_t b) const {
    return packed_.data() + (group * blocks_ + b) * c_.terms() * block;
  }

  void build_tables() {
    offset_.resize(static_cast<std::size_t>(c_.terms()));
    slot_.assign(static_cast<std::size_t>(c_.in_channels * c_.weight_taps), -1);
    for (const Chunk& chunk : terms_.chunks()) {
      terms_.each_term(chunk, [&](int64_t term, int64_t ch, int64_t t, int64_t r, int64_t s) {
        offset_[chunk.begin + term] = layout_.offset(ch, t, r, s);
        const int64_t tap = c_.axis[0].taps[t].weight + c_.axis[1].taps[r].weight + c_.axis[2].taps[s].weight;
        slot_[ch * c_.weight_taps + tap] = term;
      });
    }
  }

  // packed[term][channel] of a chunk. Weights of neighbouring input channels lie end to end in the
  // forward pass, and apart in the input gradient.
  void pack_chunk(int64_t group, int64_t b, const Chunk& chunk, T* packed) const {
    const T* w = weight_ + group * c_.weight_group + b * block * c_.weight_out;
    const bool end_to_end = c_.weight_in == c_.weight_taps;
    const int64_t stretches = end_to_end ? 1 : chunk.channels;
    const int64_t length = end_to_end ? chunk.channels * c_.weight_taps : c_.weight_taps;
    for (int64_t h = 0; h < width(b); h += L) {
      for (int64_t i = 0; i < stretches; i++) {
        const int64_t* slot = slot_.data() + (chunk.first_channel + i) * c_.weight_taps;
        pack_lanes<T, V>(w + h * c_.weight_out + (chunk.first_channel + i) * c_.weight_in, c_.weight_out,
                         channels_of(b) - h, length, packed + h, width(b), [slot](int64_t k) { return slot[k]; });
      }
    }
  }

  void sum_block(int64_t group, int64_t b, const Tile& tile, const T* x, T* sums) const {
    static constexpr auto one = row_panels<T, V, 1>(std::make_integer_sequence<int, panel>());
    static constexpr auto two = row_panels<T, V, 2>(std::make_integer_sequence<int, panel>());
    const auto& kernels = width(b) == L ? one : two;
    const Range t = c_.axis[0].in_range(tile.depth);
    Scratch<T> packed_here(packs_once_ ? 0 : terms_of_longest_chunk() * block);
    bool first_chunk = true;
    for (const Chunk& chunk : terms_.chunks()) {
      const T* packed = packed_here.data();
      if (packs_once_) packed = packed_block(group, b) + chunk.begin * width(b);
      else pack_chunk(group, b, chunk, packed_here.data());
      for (int64_t i = tile.row_begin; i < tile.row_end; i++) {
        T* row_sums = sums + (i - tile.row_begin) * tile.columns() * width(b);
        bool add = !first_chunk;
        terms_.each_run(chunk, t, c_.axis[1].in_range(i), [&](int64_t begin, int64_t end) {
          sum_row(kernels, end - begin, x + layout_.row(tile, i), offset_.data() + chunk.begin + begin,
                  packed + begin * width(b), row_sums, tile.columns(), width(b), add);
          add = true;
        });
        if (!add) std::fill(row_sums, row_sums + tile.columns() * width(b), T(0));
      }
      first_chunk = false;
    }
    if (first_chunk) std::fill(sums, sums + tile.rows() * tile.columns() * width(b), T(0));
  }

  template <class Kernels>
  static void sum_row(const Kernels& kernels, int64_t terms, const T* row, const int64_t* offset, const T* packed,
                      T* sums, int64_t columns, int64_t width, bool add) {
    const int64_t panels = (columns + panel - 1) / panel;
    for (int64_t z = 0; z < panels; z++) {
      const Range pixels = share_of(columns, z, panels);
      kernels[pixels.count()](terms, row + pixels.begin, offset, packed, sums + pixels.begin * width, add);
    }
  }

  void write_block(int64_t image, int64_t group, int64_t b, const Tile& tile, const T* sums) const {
    const Axis& row = c_.axis[1];
    const Axis& column = c_.axis[2];
    const int64_t channel = b * block;
    T* plane = output_ + c_.output_of(image, group) + channel * c_.output_plane +
               tile.depth * c_.axis[0].output_stride + tile.row_begin * row.output_stride +
               tile.column_begin * column.output_stride;
    const T* bias = bias_ ? bias_ + group * c_.out_channels + channel : nullptr;
    const bool end_to_end = row.output_stride == tile.columns() * column.output_stride;
    const int64_t stretches = end_to_end ? 1 : tile.rows();
    const int64_t pixels = tile.rows() * tile.columns() / stretches;
    for (int64_t i = 0; i < stretches; i++) {
      for (int64_t h = 0; h < width(b); h += L) {
        unpack_lanes<T, V>(sums + i * pixels * width(b) + h, width(b), pixels, std::min<int64_t>(L, channels_of(b) - h),
                           bias ? bias + h : nullptr, plane + i * row.output_stride + h * c_.output_plane,
                           c_.output_plane, column.output_stride);
      }
    }
  }

  int64_t terms_of_longest_chunk() const {
    int64_t longest = 0;
    for (const Chunk& chunk : terms_.chunks()) longest = std::max(longest, chunk.terms);
    return longest;
  }

  const Correlation c_;
  const T *input_, *weight_, *bias_;
  T* output_;
  const Terms terms_;
  const Tiling tiling_;
  const TileLayout layout_;
  const int64_t blocks_;
  const bool packs_once_;
  Scratch<T> packed_;  // [group][block][term][channel], when more than one tile uses it
  int64_t splits_;
  std::vector<int64_t> offset_;  // by term
  std::vector<int64_t> slot_;    // by channel and stored tap: term within its chunk, or -1
};

}  // namespace convproof
