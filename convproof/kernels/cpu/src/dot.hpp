// Dot-product kernel: lanes are terms. For fully connected layers, and whatever else has only a few
// pixels per image, so that packing the weights would cost more than using them once:
//
//   output[m][column] = sum over terms of weight[m][term] * columns[column][term]
//
// The weights of an output channel are read as they lie; a column is the input gathered for one pixel
// of one image, in the same order.
#pragma once

#include "job.hpp"
#include "scratch.hpp"
#include "terms.hpp"
#include "vec.hpp"

namespace convproof {

// sums[row * columns + column] of `rows` rows of weights and `columns` gathered columns.
template <class T, class V, int rows, int columns>
CONVPROOF_NOINLINE void dot_panel(int64_t terms, const T* weight, int64_t weight_stride, const T* column,
                                  int64_t column_stride, T* sums) {
  constexpr int L = V::lanes;
  V sum[rows][columns];
  CONVPROOF_UNROLL
  for (int m = 0; m < rows; m++) {
    CONVPROOF_UNROLL
    for (int p = 0; p < columns; p++) sum[m][p] = V::zero();
  }
  auto add = [&](auto load, int64_t k) CONVPROOF_LAMBDA_INLINE {
    V x[columns];
    CONVPROOF_UNROLL
    for (int p = 0; p < columns; p++) x[p] = load(column + p * column_stride + k);
    CONVPROOF_UNROLL
    for (int m = 0; m < rows; m++) {
      const V w = load(weight + m * weight_stride + k);
      CONVPROOF_UNROLL
      for (int p = 0; p < columns; p++) sum[m][p].add_product(w, x[p]);
    }
  };
  int64_t k = 0;
  for (; k + L <= terms; k += L) add([](const T* from) CONVPROOF_LAMBDA_INLINE { return V::load(from); }, k);
  const int64_t left = terms - k;
  if (left) add([left](const T* from) CONVPROOF_LAMBDA_INLINE { return V::load_first(from, left); }, k);
  CONVPROOF_UNROLL
  for (int m = 0; m < rows; m++) {
    CONVPROOF_UNROLL
    for (int p = 0; p < columns; p++) sums[m * columns + p] = sum[m][p].sum();
  }
}

template <class T, class V>
class DotJob final : public Job {
  static constexpr int rows = 4, columns = 3;
  static constexpr int64_t task_rows = 32;
  static constexpr int64_t chunk = chunk_terms * V::lanes;  // every lane sums a chunk of terms
  static constexpr int64_t few_pixels = 4;

 public:
  // The weights of an output channel must lie end to end, in the order of the terms.
  static bool serves(const Correlation& c) {
    bool in_order = c.taps() == c.weight_taps && c.weight_in == c.weight_taps;
    for (const Axis& axis : c.axis) {
      in_order = in_order && (axis.count() < 2 || axis.taps[0].weight < axis.taps[1].weight);
    }
    return in_order && c.pixels() <= few_pixels && c.terms() >= 4 * V::lanes;
  }

  DotJob(Correlation correlation, const T* input, const T* weight, const T* bias, T* output)
      : c_(std::move(correlation)), input_(input), weight_(weight), bias_(bias), output_(output),
        column_count_(c_.images * c_.pixels()), shares_((c_.out_channels + task_rows - 1) / task_rows),
        gathered_(c_.groups * column_count_ * c_.terms()) {}

  // Gathers the columns of one group: [group][image, pixel][term]
  int64_t packing_tasks() const override { return c_.groups; }

  void pack(int64_t group) override {
    T* to = gathered_.data() + group * column_count_ * c_.terms();
    for (int64_t image = 0; image < c_.images; image++) {
      for (int64_t d = 0; d < c_.axis[0].outputs; d++) {
        for (int64_t h = 0; h < c_.axis[1].outputs; h++) {
          for (int64_t v = 0; v < c_.axis[2].outputs; v++) {
            gather(input_ + c_.input_of(image, group), d, h, v, to);
            to += c_.terms();
          }
        }
      }
    }
  }

  // A task is a share of the output channels of one group.
  int64_t tasks() const override { return c_.groups * shares_; }

  void run(int64_t task) override {
    const int64_t group = task / shares_, begin = task % shares_ * task_rows;
    const int64_t end = std::min(c_.out_channels, begin + task_rows);
    int64_t m = begin;
    if (column_count_ == 1) {
      for (; m + 2 * rows <= end; m += 2 * rows) run_panel<2 * rows, 1>(group, m, 0);
    }
    for (; m + rows <= end; m += rows) run_rows<rows>(group, m);
    for (; m < end; m++) run_rows<1>(group, m);
  }

 private:
  void gather(const T* image, int64_t d, int64_t h, int64_t v, T* to) const {
    const Axis &depth = c_.axis[0], &row = c_.axis[1], &column = c_.axis[2];
    for (int64_t ch = 0; ch < c_.in_channels; ch++) {
      for (const Tap& t : depth.taps) {
        for (const Tap& r : row.taps) {
          for (const Tap& s : column.taps) {
            const int64_t z = d * depth.step + t.shift, y = h * row.step + r.shift, x = v * column.step + s.shift;
            const bool inside = z >= 0 && z < depth.inputs && y >= 0 && y < row.inputs && x >= 0 && x < column.inputs;
            *to++ = inside ? image[((ch * depth.inputs + z) * row.inputs + y) * column.inputs + x] : T(0);
          }
        }
      }
    }
  }

  template <int height>
  void run_rows(int64_t group, int64_t m) {
    int64_t column = 0;
    for (; column + columns <= column_count_; column += columns) run_panel<height, columns>(group, m, column);
    for (; column < column_count_; column++) run_panel<height, 1>(group, m, column);
  }

  template <int height, int width>
  void run_panel(int64_t group, int64_t m, int64_t column) {
    const T* weight = weight_ + group * c_.weight_group + m * c_.weight_out;
    const T* gathered = gathered_.data() + (group * column_count_ + column) * c_.terms();
    T total[height * width], sums[height * width];
    for (int i = 0; i < height * width; i++) {
      total[i] = bias_ ? bias_[group * c_.out_channels + m + i / width] : T(0);
    }
    for (int64_t k = 0; k < c_.terms(); k += chunk) {
      dot_panel<T, V, height, width>(std::min(chunk, c_.terms() - k), weight + k, c_.weight_out, gathered + k,
                                     c_.terms(), sums);
      for (int i = 0; i < height * width; i++) total[i] += sums[i];
    }
    for (int i = 0; i < height * width; i++) *output_of(group, m + i / width, column + i % width) = total[i];
  }

  T* output_of(int64_t group, int64_t m, int64_t column) const {
    const int64_t image = column / c_.pixels(), pixel = column % c_.pixels();
    const int64_t v = pixel % c_.axis[2].outputs, h = pixel / c_.axis[2].outputs % c_.axis[1].outputs;
    const int64_t d = pixel / c_.axis[2].outputs / c_.axis[1].outputs;
    return output_ + c_.output_of(image, group) + m * c_.output_plane + d * c_.axis[0].output_stride +
           h * c_.axis[1].output_stride + v * c_.axis[2].output_stride;
  }

  const Correlation c_;
  const T *input_, *weight_, *bias_;
  T* output_;
  const int64_t column_count_, shares_;
  Scratch<T> gathered_;
};

}  // namespace convproof
