// Weight gradient:  dw[m][c][tap] = sum over images and outputs i of  g[m][i] * x[c][i * step + shift(tap)]
//
// Two kernels. With enough output channels, lanes are output channels: up to 12 pairs (channel, column
// tap) each broadcast one element of x per pixel, against the gradient of the tile transposed to
// [pixel][channel]. With few output channels (depthwise above all), lanes are pixels and every weight
// is a dot product of rows.
//
// Sums run over one tile at a time and are then added to the total, so that errors stay small.
#pragma once

#include <array>

#include "job.hpp"
#include "scratch.hpp"
#include "tile.hpp"
#include "transpose.hpp"

namespace convproof {

// sums[item][channel] += sum over rows and columns of x[item][row][column] * g[pixel][channel]
template <class T>
using GradientPanel = void (*)(int64_t rows, int64_t columns, int64_t row_stride, const T* const* x, const T* g,
                               T* const* sums);

template <class T, class V, int items, int vectors>
CONVPROOF_NOINLINE void gradient_panel(int64_t rows, int64_t columns, int64_t row_stride, const T* const* x,
                                       const T* g, T* const* sums) {
  constexpr int L = V::lanes;
  const T* from[items];
  V sum[items][vectors];
  CONVPROOF_UNROLL
  for (int i = 0; i < items; i++) {
    from[i] = x[i];
    CONVPROOF_UNROLL
    for (int v = 0; v < vectors; v++) sum[i][v] = V::zero();
  }
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t j = 0; j < columns; j++) {
      V gradient[vectors];
      CONVPROOF_UNROLL
      for (int v = 0; v < vectors; v++) gradient[v] = V::load(g + v * L);
      g += vectors * L;
      CONVPROOF_UNROLL
      for (int i = 0; i < items; i++) {
        const V pixel = V::fill(from[i][j]);
        CONVPROOF_UNROLL
        for (int v = 0; v < vectors; v++) sum[i][v].add_product(pixel, gradient[v]);
      }
    }
    CONVPROOF_UNROLL
    for (int i = 0; i < items; i++) from[i] += row_stride;
  }
  CONVPROOF_UNROLL
  for (int i = 0; i < items; i++) {
    CONVPROOF_UNROLL
    for (int v = 0; v < vectors; v++) {
      sum[i][v] += V::load(sums[i] + v * L);
      sum[i][v].store(sums[i] + v * L);
    }
  }
}

template <class T, class V, int vectors, int... items>
constexpr std::array<GradientPanel<T>, sizeof...(items) + 1> gradient_panels(std::integer_sequence<int, items...>) {
  return {{nullptr, gradient_panel<T, V, items + 1, vectors>...}};
}

template <class T, class V>
class WeightGradientJob final : public Job {
  static constexpr int L = V::lanes;
  static constexpr int64_t block = 2 * L;
  static constexpr int panel = sum_rows<V> >= 14 ? 12 : 6;  // one pointer each: as many as there are registers
  static constexpr int64_t tile_pixels = 192;

 public:
  WeightGradientJob(Correlation correlation, const T* g, const T* x, T* dw, int threads)
      : c_(std::move(correlation)), g_(g), x_(x), dw_(dw),
        tiling_(c_, std::max<int64_t>(1, tile_pixels / std::max<int64_t>(1, c_.axis[2].outputs)), tile_pixels),
        layout_(c_, tiling_, 1, sizeof(T)), blocks_((c_.out_channels + block - 1) / block) {
    const int64_t wanted = threads < 2 ? 1 : (3 * threads + c_.groups - 1) / c_.groups;
    block_shares_ = std::min(blocks_, wanted);
    channel_shares_ = std::min(c_.in_channels, (wanted + block_shares_ - 1) / block_shares_);
  }

  // A task is a group, a share of its output channels and a share of its input channels.
  int64_t tasks() const override { return c_.groups * block_shares_ * channel_shares_; }

  void run(int64_t task) override {
    const int64_t share = task % channel_shares_, rest = task / channel_shares_;
    const Range channels = share_of(c_.in_channels, share, channel_shares_);
    const int64_t group = rest / block_shares_;
    const Range blocks = share_of(blocks_, rest % block_shares_, block_shares_);
    const int64_t weights = channels.count() * c_.weight_taps;

    Scratch<T> sums(blocks.count() * weights * block);  // [block][channel, tap][output channel]
    std::fill(sums.data(), sums.data() + blocks.count() * weights * block, T(0));
    Scratch<T> copy(layout_.size(channels.count()));
    Scratch<T> gradient(tiling_.block_rows() * tiling_.block_columns() * block);
    for (int64_t image = 0; image < c_.images; image++) {
      for (int64_t i = 0; i < tiling_.count(); i++) {
        const Tile tile = tiling_[i];
        if (tile.rows() <= 0) continue;
        const T* x = layout_.template load<T, V>(
            x_ + c_.input_of(image, group) + channels.begin * c_.input_plane(), channels.count(), tile, copy.data());
        for (int64_t b = blocks.begin; b < blocks.end; b++) {
          pack_gradient(image, group, b, tile, gradient.data());
          add_tile(channels, b, tile, x, gradient.data(), sums.data() + (b - blocks.begin) * weights * block);
        }
      }
    }
    for (int64_t b = blocks.begin; b < blocks.end; b++) {
      write_block(group, b, channels, sums.data() + (b - blocks.begin) * weights * block);
    }
  }

 private:
  int64_t channels_of(int64_t b) const { return std::min(block, c_.out_channels - b * block); }
  int64_t width(int64_t b) const { return channels_of(b) <= L ? L : block; }

  // gradient[pixel][channel] of a tile
  void pack_gradient(int64_t image, int64_t group, int64_t b, const Tile& tile, T* gradient) const {
    const Axis& row = c_.axis[1];
    const T* g = g_ + c_.output_of(image, group) + b * block * c_.output_plane + tile.depth * c_.axis[0].output_stride +
                 tile.row_begin * row.output_stride + tile.column_begin;
    const bool end_to_end = row.output_stride == tile.columns();
    const int64_t stretches = end_to_end ? 1 : tile.rows();
    const int64_t pixels = tile.rows() * tile.columns() / stretches;
    for (int64_t i = 0; i < stretches; i++) {
      for (int64_t h = 0; h < width(b); h += L) {
        pack_lanes<T, V>(g + i * row.output_stride + h * c_.output_plane, c_.output_plane, channels_of(b) - h, pixels,
                         gradient + i * pixels * width(b) + h, width(b), [](int64_t k) { return k; });
      }
    }
  }

  void add_tile(Range channels, int64_t b, const Tile& tile, const T* x, const T* gradient, T* sums) const {
    const Axis& row = c_.axis[1];
    const Range depth = c_.axis[0].in_range(tile.depth);
    for (int64_t t = depth.begin; t < depth.end; t++) {
      for (int64_t r = 0; r < row.count(); r++) {
        const Range reached = row.outputs_of(row.taps[r]);
        const int64_t begin = std::max(tile.row_begin, reached.begin), end = std::min(tile.row_end, reached.end);
        if (begin >= end) continue;
        const T* g = gradient + (begin - tile.row_begin) * tile.columns() * width(b);
        add_rows(channels, b, t, r, end - begin, tile.columns(), x + layout_.row(tile, begin), g, sums);
      }
    }
  }

  // All weights of one depth tap and one row tap: pairs (channel, column tap), a panel at a time.
  void add_rows(Range channels, int64_t b, int64_t t, int64_t r, int64_t rows, int64_t columns, const T* x,
                const T* g, T* sums) const {
    static constexpr auto one = gradient_panels<T, V, 1>(std::make_integer_sequence<int, panel>());
    static constexpr auto two = gradient_panels<T, V, 2>(std::make_integer_sequence<int, panel>());
    const auto& kernels = width(b) == L ? one : two;
    const Axis& column = c_.axis[2];
    const int64_t tap = c_.axis[0].taps[t].weight + c_.axis[1].taps[r].weight;
    const int64_t pairs = channels.count() * column.count(), panels = (pairs + panel - 1) / panel;
    int64_t channel = 0, s = 0;
    for (int64_t z = 0; z < panels; z++) {
      const int64_t items = share_of(pairs, z, panels).count();
      const T* from[panel];
      T* to[panel];
      for (int64_t i = 0; i < items; i++) {
        from[i] = x + layout_.offset(channel, t, r, s);
        to[i] = sums + (channel * c_.weight_taps + tap + column.taps[s].weight) * width(b);
        if (++s == column.count()) s = 0, channel++;
      }
      kernels[items](rows, columns, layout_.row_stride(), from, g, to);
    }
  }

  void write_block(int64_t group, int64_t b, Range channels, const T* sums) const {
    T* dw = dw_ + group * c_.weight_group + b * block * c_.weight_out + channels.begin * c_.weight_in;
    for (int64_t h = 0; h < width(b); h += L) {
      unpack_lanes<T, V>(sums + h, width(b), channels.count() * c_.weight_taps,
                         std::min<int64_t>(L, channels_of(b) - h), nullptr, dw + h * c_.weight_out, c_.weight_out, 1);
    }
  }

  const Correlation c_;
  const T *g_, *x_;
  T* dw_;
  const Tiling tiling_;
  const TileLayout layout_;
  const int64_t blocks_;
  int64_t block_shares_, channel_shares_;
};

// sums[tap] += sum over rows and columns of x[tap][row][column] * g[row][column]
template <class T, class V, int taps>
CONVPROOF_NOINLINE void dot_rows(int64_t rows, int64_t columns, const T* const* x, int64_t x_stride, const T* g,
                                 int64_t g_stride, T* const* sums) {
  constexpr int L = V::lanes;
  V sum[taps];
  CONVPROOF_UNROLL
  for (int s = 0; s < taps; s++) sum[s] = V::zero();
  for (int64_t row = 0; row < rows; row++) {
    const T* gradient = g + row * g_stride;
    const int64_t from = row * x_stride;
    int64_t j = 0;
    for (; j + L <= columns; j += L) {
      const V pixel = V::load(gradient + j);
      CONVPROOF_UNROLL
      for (int s = 0; s < taps; s++) sum[s].add_product(V::load(x[s] + from + j), pixel);
    }
    if (j == columns) continue;
    const V pixel = V::load_first(gradient + j, columns - j);
    CONVPROOF_UNROLL
    for (int s = 0; s < taps; s++) sum[s].add_product(V::load_first(x[s] + from + j, columns - j), pixel);
  }
  CONVPROOF_UNROLL
  for (int s = 0; s < taps; s++) *sums[s] += sum[s].sum();
}

template <class T, class V>
class WeightDotJob final : public Job {
  static constexpr int panel = 3;  // column taps that share a load of the gradient
  static constexpr int64_t tile_pixels = 2048;

 public:
  WeightDotJob(Correlation correlation, const T* g, const T* x, T* dw)
      : c_(std::move(correlation)), g_(g), x_(x), dw_(dw),
        tiling_(c_, std::max<int64_t>(1, tile_pixels / std::max<int64_t>(1, c_.axis[2].outputs)), tile_pixels),
        layout_(c_, tiling_, 1, sizeof(T)) {}

  // A task is one input channel of one group.
  int64_t tasks() const override { return c_.groups * c_.in_channels; }

  void run(int64_t task) override {
    const int64_t group = task / c_.in_channels, channel = task % c_.in_channels;
    T* dw = dw_ + group * c_.weight_group + channel * c_.weight_in;
    for (int64_t m = 0; m < c_.out_channels; m++) {
      std::fill(dw + m * c_.weight_out, dw + m * c_.weight_out + c_.weight_taps, T(0));
    }
    Scratch<T> copy(layout_.size(1));
    for (int64_t image = 0; image < c_.images; image++) {
      for (int64_t i = 0; i < tiling_.count(); i++) {
        const Tile tile = tiling_[i];
        if (tile.rows() <= 0) continue;
        const T* x = layout_.template load<T, V>(x_ + c_.input_of(image, group) + channel * c_.input_plane(), 1, tile,
                                                 copy.data());
        for (int64_t m = 0; m < c_.out_channels; m++) {
          add_tile(tile, x, g_ + c_.output_of(image, group) + m * c_.output_plane, dw + m * c_.weight_out);
        }
      }
    }
  }

 private:
  void add_tile(const Tile& tile, const T* x, const T* g, T* dw) const {
    const Axis& row = c_.axis[1];
    const Range depth = c_.axis[0].in_range(tile.depth);
    for (int64_t t = depth.begin; t < depth.end; t++) {
      for (int64_t r = 0; r < row.count(); r++) {
        const Range reached = row.outputs_of(row.taps[r]);
        const int64_t begin = std::max(tile.row_begin, reached.begin), end = std::min(tile.row_end, reached.end);
        if (begin >= end) continue;
        const T* gradient = g + tile.depth * c_.axis[0].output_stride + begin * row.output_stride + tile.column_begin;
        add_rows(t, r, end - begin, tile.columns(), x + layout_.row(tile, begin), gradient, dw);
      }
    }
  }

  void add_rows(int64_t t, int64_t r, int64_t rows, int64_t columns, const T* x, const T* g, T* dw) const {
    const Axis& column = c_.axis[2];
    for (int64_t s = 0; s < column.count(); s += panel) {
      const int64_t taps = std::min<int64_t>(panel, column.count() - s);
      const T* from[panel];
      T* sums[panel];
      for (int64_t i = 0; i < taps; i++) {
        from[i] = x + layout_.offset(0, t, r, s + i);
        sums[i] = dw + c_.axis[0].taps[t].weight + c_.axis[1].taps[r].weight + column.taps[s + i].weight;
      }
      const auto kernel = taps == 1 ? dot_rows<T, V, 1> : taps == 2 ? dot_rows<T, V, 2> : dot_rows<T, V, 3>;
      kernel(rows, columns, from, layout_.row_stride(), g, c_.axis[1].output_stride, sums);
    }
  }

  const Correlation c_;
  const T *g_, *x_;
  T* dw_;
  const Tiling tiling_;
  const TileLayout layout_;
};

// dw = gradient of sum(g * forward(x, w)) in w.
template <class T, class V>
void weight_gradient(const Shape& s, const T* g, const T* x, T* dw, int threads) {
  if (weight_size(s) == 0) return;
  threads = useful_threads(threads, work_of(s));
  Correlation c = forward_correlation(s);
  join_pointwise_axes(c);
  Jobs jobs;
  if (2 * c.out_channels < V::lanes) jobs.push_back(std::make_unique<WeightDotJob<T, V>>(std::move(c), g, x, dw));
  else jobs.push_back(std::make_unique<WeightGradientJob<T, V>>(std::move(c), g, x, dw, threads));
  run_jobs(threads, jobs);
}

}  // namespace convproof
