// The geometry of one convolution, always with three spatial axes (depth, row, column): 1-D and
// 2-D shapes lead with axes of length one. Per axis, input index = stride * output + dilation * tap - pad.
#pragma once

#include <cstdint>

namespace convproof {

using std::int64_t;

constexpr int axes = 3;

struct Shape {
  int64_t batch;
  int64_t groups;
  int64_t in_channels;   // of one group
  int64_t out_channels;  // of one group
  int64_t n[axes];       // input extent
  int64_t k[axes];       // taps
  int64_t o[axes];       // output extent: given, not derived; taps beyond the input read zero
  int64_t stride[axes];
  int64_t dilation[axes];
  int64_t pad[axes];     // below index 0; negative crops
};

constexpr int shape_fields = 4 + 6 * axes;

inline Shape shape_from(const int64_t* v) {
  Shape s{v[0], v[1], v[2], v[3], {}, {}, {}, {}, {}, {}};
  for (int a = 0; a < axes; a++) {
    s.n[a] = v[4 + a];
    s.k[a] = v[7 + a];
    s.o[a] = v[10 + a];
    s.stride[a] = v[13 + a];
    s.dilation[a] = v[16 + a];
    s.pad[a] = v[19 + a];
  }
  return s;
}

// a * b for counts, or -1 when it leaves the range in which all index arithmetic is safe.
inline int64_t checked_product(int64_t a, int64_t b) {
  constexpr int64_t limit = int64_t(1) << 58;
  if (a < 0 || b < 0) return -1;
  return b != 0 && a > limit / b ? -1 : a * b;
}

inline int64_t checked_volume(const int64_t* extent) {
  return checked_product(checked_product(extent[0], extent[1]), extent[2]);
}

// Elements of the three tensors; -1 where they cannot be counted.
inline int64_t input_size(const Shape& s) {
  return checked_product(checked_product(checked_product(s.batch, s.groups), s.in_channels), checked_volume(s.n));
}
inline int64_t weight_size(const Shape& s) {
  return checked_product(checked_product(checked_product(s.groups, s.out_channels), s.in_channels),
                         checked_volume(s.k));
}
inline int64_t output_size(const Shape& s) {
  return checked_product(checked_product(checked_product(s.batch, s.groups), s.out_channels), checked_volume(s.o));
}

inline int64_t input_channels(const Shape& s) { return s.groups * s.in_channels; }
inline int64_t output_channels(const Shape& s) { return s.groups * s.out_channels; }

// True when every count is non-negative and no index computed from the shape can overflow.
inline bool is_sound(const Shape& s) {
  constexpr int64_t limit = int64_t(1) << 58;
  for (int a = 0; a < axes; a++) {
    if (s.stride[a] < 1 || s.dilation[a] < 1 || s.pad[a] > limit || s.pad[a] < -limit) return false;
    if (checked_product(s.o[a], s.stride[a]) < 0 || checked_product(s.k[a], s.dilation[a]) < 0) return false;
  }
  return input_size(s) >= 0 && weight_size(s) >= 0 && output_size(s) >= 0;
}

inline int64_t volume(const int64_t* extent) { return extent[0] * extent[1] * extent[2]; }

// The work of one operation in multiply-adds; an element of memory counts as eight of them.
inline int64_t work_of(const Shape& s) {
  const double sums = double(output_size(s)) * double(s.in_channels) * double(volume(s.k));
  const double work = sums + 8.0 * (double(input_size(s)) + double(weight_size(s)) + double(output_size(s)));
  return work < 9e18 ? static_cast<int64_t>(work) : INT64_MAX;
}

}  // namespace convproof
