// Correlation: the one form that the forward pass and every phase of the input gradient reduce to.
//
//   output[m][i] = sum over c, tap of  weight[m][c][tap] * input[c][i * step + shift(tap)]
//
// per image and group, with i and tap running over three axes. What lies outside the input counts as
// zero. Taps are explicit lists, so dilation, padding, flipping and the choice of a phase are all
// just other lists.
#pragma once

#include <algorithm>
#include <vector>

#include "ranges.hpp"
#include "shape.hpp"

namespace convproof {

struct Tap {
  int64_t shift;   // reads input index i * step + shift
  int64_t weight;  // its place in the weight, in elements
};

struct Axis {
  int64_t inputs;
  int64_t outputs;
  int64_t step;
  int64_t output_stride;  // elements between neighbouring outputs
  std::vector<Tap> taps;  // ascending shift

  int64_t count() const { return static_cast<int64_t>(taps.size()); }
  int64_t first_shift() const { return taps.empty() ? 0 : taps.front().shift; }
  int64_t span() const { return taps.empty() ? 0 : taps.back().shift - taps.front().shift; }

  // The taps [begin, end) that meet the input at one output index.
  Range in_range(int64_t output) const {
    Range r{0, count()};
    while (r.begin < r.end && output * step + taps[r.begin].shift < 0) r.begin++;
    while (r.begin < r.end && output * step + taps[r.end - 1].shift >= inputs) r.end--;
    return r;
  }

  // The outputs [begin, end) at which a tap meets the input.
  Range outputs_of(const Tap& tap) const {
    const int64_t begin = tap.shift >= 0 ? 0 : (-tap.shift + step - 1) / step;
    const int64_t end = inputs <= tap.shift ? 0 : (inputs - tap.shift + step - 1) / step;
    return Range{std::min(begin, outputs), std::max(std::min(begin, outputs), std::min(end, outputs))};
  }

  void drop_idle_taps() {
    auto idle = [this](const Tap& tap) { return outputs_of(tap).count() == 0; };
    taps.erase(std::remove_if(taps.begin(), taps.end(), idle), taps.end());
  }

  bool is_pointwise() const { return count() == 1 && step == 1 && taps[0].shift == 0 && inputs >= outputs; }
};

struct Correlation {
  int64_t images, groups;
  int64_t in_channels, out_channels;  // of one group
  Axis axis[axes];
  int64_t weight_taps;                             // taps stored per pair of channels
  int64_t weight_group, weight_out, weight_in;     // weight strides of a group and of the channels
  int64_t output_plane;                            // elements of one output channel
  int64_t output_begin = 0;                        // first output element inside its plane

  int64_t input_plane() const { return axis[0].inputs * axis[1].inputs * axis[2].inputs; }
  int64_t taps() const { return axis[0].count() * axis[1].count() * axis[2].count(); }
  int64_t terms() const { return in_channels * taps(); }
  int64_t pixels() const { return axis[0].outputs * axis[1].outputs * axis[2].outputs; }

  int64_t input_of(int64_t image, int64_t group) const {
    return (image * groups + group) * in_channels * input_plane();
  }
  int64_t output_of(int64_t image, int64_t group) const {
    return (image * groups + group) * out_channels * output_plane + output_begin;
  }
};

// Rows that lie end to end in input and output join into one long row, as long as their axes are
// pointwise: a 1x1 convolution becomes a single row of pixels.
inline void join_pointwise_axes(Correlation& c) {
  Axis& row = c.axis[axes - 1];
  for (int a = axes - 2; a >= 0; a--) {
    Axis& outer = c.axis[a];
    const bool adjacent = row.inputs == row.outputs && outer.output_stride == row.outputs * row.output_stride;
    if (!outer.is_pointwise() || !row.is_pointwise() || !adjacent) return;
    row.inputs *= outer.inputs;
    row.outputs *= outer.outputs;
    row.taps[0].weight += outer.taps[0].weight;
    outer = Axis{1, 1, 1, 0, {Tap{0, 0}}};
  }
}

// Strides of the taps of a weight with extents k.
inline int64_t tap_stride(const Shape& s, int axis) {
  int64_t stride = 1;
  for (int a = axis + 1; a < axes; a++) stride *= s.k[a];
  return stride;
}

inline Correlation forward_correlation(const Shape& s) {
  Correlation c;
  c.images = s.batch;
  c.groups = s.groups;
  c.in_channels = s.in_channels;
  c.out_channels = s.out_channels;
  c.weight_taps = volume(s.k);
  c.weight_in = c.weight_taps;
  c.weight_out = c.weight_in * s.in_channels;
  c.weight_group = c.weight_out * s.out_channels;
  c.output_plane = volume(s.o);
  int64_t output_stride = 1;
  for (int a = axes - 1; a >= 0; a--) {
    Axis& axis = c.axis[a];
    axis = Axis{s.n[a], s.o[a], s.stride[a], output_stride, {}};
    for (int64_t r = 0; r < s.k[a]; r++) {
      axis.taps.push_back(Tap{r * s.dilation[a] - s.pad[a], r * tap_stride(s, a)});
    }
    axis.drop_idle_taps();
    output_stride *= s.o[a];
  }
  return c;
}

}  // namespace convproof
