// Depthwise kernel: one input channel per group, small square kernels, step one or two.
//
// Lanes are pixels of a row. There is no padded copy: where a vector hangs over an edge of the image
// it is loaded through a mask, and rows outside the image are skipped. A pass computes up to four output
// rows at once, so that every input row is loaded once for all the output rows that read it.
#pragma once

#include "job.hpp"
#include "phases.hpp"
#include "terms.hpp"

namespace convproof {

// One plane of the input, and where the first tap of output (0, 0) lies in it.
template <class T>
struct Plane {
  const T* data;
  int64_t rows, columns;
  int64_t top, left;
};

template <class T>
struct OutputPlane {
  T* data;
  int64_t rows, columns, row_stride;
};

// tap[s] = input columns first + s + step * lane of one row; at an edge, those outside are zero.
template <int K, int step, bool edge, class T, class V>
CONVPROOF_INLINE void load_taps(const T* row, int64_t first, int64_t columns, V* tap) {
  constexpr int L = V::lanes;
  auto load = [&](int64_t column) CONVPROOF_LAMBDA_INLINE {
    if constexpr (edge) return V::load(row + column, V::mask(-column, columns - column));
    else return V::load(row + column);
  };
  if constexpr (step == 1) {
    CONVPROOF_UNROLL
    for (int s = 0; s < K; s++) tap[s] = load(first + s);
  } else {
    CONVPROOF_UNROLL
    for (int s = 0; s < K; s += 2) {
      const V a = load(first + s), b = load(first + s + L);
      tap[s] = even_lanes(a, b);
      if (s + 1 < K) tap[s + 1] = odd_lanes(a, b);
    }
  }
}

// `rows` output rows from row i on, one vector of columns from column j on.
template <int K, int step, int rows, bool edge, class T, class V>
CONVPROOF_INLINE void depthwise_block(const Plane<T>& x, const V* weight, V bias, const OutputPlane<T>& y, int64_t i,
                                      int64_t j) {
  V sum[rows];
  CONVPROOF_UNROLL
  for (int b = 0; b < rows; b++) sum[b] = V::zero();
  const int64_t first_row = i * step + x.top, first_column = j * step + x.left;
  CONVPROOF_UNROLL
  for (int z = 0; z < (rows - 1) * step + K; z++) {
    const int64_t h = first_row + z;
    if (h < 0 || h >= x.rows) continue;
    V tap[K];
    load_taps<K, step, edge>(x.data + h * x.columns, first_column, x.columns, tap);
    CONVPROOF_UNROLL
    for (int b = 0; b < rows; b++) {
      const int r = z - b * step;  // the row tap with which output row b reads input row z
      if (r < 0 || r >= K) continue;
      CONVPROOF_UNROLL
      for (int s = 0; s < K; s++) sum[b].add_product(weight[r * K + s], tap[s]);
    }
  }
  CONVPROOF_UNROLL
  for (int b = 0; b < rows; b++) {
    sum[b] += bias;
    T* to = y.data + (i + b) * y.row_stride + j;
    if constexpr (edge) sum[b].store_first(to, y.columns - j);
    else sum[b].store(to);
  }
}

template <int K, int step, int rows, class T, class V>
CONVPROOF_INLINE void depthwise_rows(const Plane<T>& x, const V* weight, V bias, const OutputPlane<T>& y, int64_t i) {
  constexpr int L = V::lanes;
  constexpr int64_t reach = K - 1 + step * L;  // input columns under one vector of outputs
  for (int64_t j = 0; j < y.columns; j += L) {
    const int64_t first = j * step + x.left;
    const bool inside = first >= 0 && first + reach <= x.columns && j + L <= y.columns;
    if (inside) depthwise_block<K, step, rows, false>(x, weight, bias, y, i, j);
    else depthwise_block<K, step, rows, true>(x, weight, bias, y, i, j);
  }
}

template <int K, int step, class T, class V>
CONVPROOF_NOINLINE void depthwise_plane(const Plane<T>& x, const T* weight, T bias, const OutputPlane<T>& y) {
  constexpr int pass = sum_rows<V> >= 14 ? 4 : 2;
  V w[K * K];
  for (int i = 0; i < K * K; i++) w[i] = V::fill(weight[i]);
  int64_t i = 0;
  for (; i + pass <= y.rows; i += pass) depthwise_rows<K, step, pass>(x, w, V::fill(bias), y, i);
  for (; i < y.rows; i++) depthwise_rows<K, step, 1>(x, w, V::fill(bias), y, i);
}

template <class T, class V>
class DepthwiseJob final : public Job {
  static constexpr int most_taps = 5;

 public:
  static bool serves(const Correlation& c) {
    const Axis &depth = c.axis[0], &row = c.axis[1], &column = c.axis[2];
    const bool flat = depth.count() == 1 && depth.outputs == 1 && depth.inputs == 1 && depth.taps[0].shift == 0;
    const bool square = row.count() == column.count() && row.step == column.step;
    return c.in_channels == 1 && flat && square && (row.count() == 3 || row.count() == 5) && row.step <= 2 &&
           row.span() == row.count() - 1 && column.span() == column.count() - 1 && column.output_stride == 1;
  }

  DepthwiseJob(Correlation correlation, const T* input, const T* weight, const T* bias, T* output)
      : c_(std::move(correlation)), input_(input), weight_(weight), bias_(bias), output_(output) {}

  // A task is one channel of one image, with all the outputs made from it.
  int64_t tasks() const override { return c_.images * c_.groups; }

  void run(int64_t task) override {
    const int64_t group = task % c_.groups, image = task / c_.groups;
    const Axis &row = c_.axis[1], &column = c_.axis[2];
    const Plane<T> x{input_ + c_.input_of(image, group), row.inputs, column.inputs, row.first_shift(),
                     column.first_shift()};
    T taps[most_taps * most_taps];
    for (int64_t m = 0; m < c_.out_channels; m++) {
      const T* w = weight_ + group * c_.weight_group + m * c_.weight_out + c_.axis[0].taps[0].weight;
      for (int64_t r = 0; r < row.count(); r++) {
        for (int64_t s = 0; s < column.count(); s++) {
          taps[r * column.count() + s] = w[row.taps[r].weight + column.taps[s].weight];
        }
      }
      const OutputPlane<T> y{output_ + c_.output_of(image, group) + m * c_.output_plane, row.outputs, column.outputs,
                             row.output_stride};
      kernel()(x, taps, bias_ ? bias_[group * c_.out_channels + m] : T(0), y);
    }
  }

 private:
  auto kernel() const {
    const bool by_two = c_.axis[1].step == 2;
    if (c_.axis[1].count() == 3) return by_two ? depthwise_plane<3, 2, T, V> : depthwise_plane<3, 1, T, V>;
    return by_two ? depthwise_plane<5, 2, T, V> : depthwise_plane<5, 1, T, V>;
  }

  const Correlation c_;
  const T *input_, *weight_, *bias_;
  T* output_;
};

}  // namespace convproof
