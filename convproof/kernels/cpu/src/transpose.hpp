// Transposes of vectors in registers, and the two things done with them: packing weights so that
// lanes are channels, and writing sums whose lanes are channels out to their planes.
#pragma once

#include <utility>

#include "vec.hpp"

namespace convproof {

// One stage of the butterfly: rows i and i + half swap the lanes that differ in bit `half`.
//
//   half = 1:   a0 a1 a2 a3      a0 b0 a2 b2
//               b0 b1 b2 b3  ->  a1 b1 a3 b3
template <int L, int half>
struct LowerRow {
  static constexpr int from(int lane) { return lane & half ? L + lane - half : lane; }
};
template <int L, int half>
struct UpperRow {
  static constexpr int from(int lane) { return lane & half ? L + lane : lane + half; }
};

template <class Pattern, class V, int... lane>
CONVPROOF_INLINE V permute(const V& a, const V& b, std::integer_sequence<int, lane...>) {
  return V::template shuffle<Pattern::from(lane)...>(a, b);
}

template <int half, class V>
CONVPROOF_INLINE void butterfly(V* row) {
  constexpr int L = V::lanes;
  if constexpr (half < L) {
    CONVPROOF_UNROLL
    for (int i = 0; i < L; i++) {
      if (i & half) continue;
      const V a = row[i], b = row[i + half];
      row[i] = permute<LowerRow<L, half>>(a, b, std::make_integer_sequence<int, L>());
      row[i + half] = permute<UpperRow<L, half>>(a, b, std::make_integer_sequence<int, L>());
    }
    butterfly<half * 2>(row);
  }
}

// row[0..lanes) as a square matrix, transposed in place.
template <class V>
CONVPROOF_INLINE void transpose(V* row) {
  butterfly<1>(row);
}

// out[slot(k) * pitch + lane] = in[lane * lane_stride + k] for k < count, lane < lanes; spare lanes of
// the vector are zero. slot(k) < 0 leaves k out.
template <class T, class V, class Slot>
CONVPROOF_INLINE void pack_lanes(const T* in, int64_t lane_stride, int64_t lanes, int64_t count, T* out, int64_t pitch,
                                 Slot&& slot) {
  constexpr int L = V::lanes;
  if (lane_stride == 1) {
    for (int64_t k = 0; k < count; k++) {
      if (slot(k) >= 0) V::load_first(in + k, lanes).store(out + slot(k) * pitch);
    }
    return;
  }
  for (int64_t k = 0; k < count; k += L) {
    V row[L];
    CONVPROOF_UNROLL
    for (int l = 0; l < L; l++) {
      const T* from = in + l * lane_stride + k;
      row[l] = l >= lanes ? V::zero() : k + L <= count ? V::load(from) : V::load_first(from, count - k);
    }
    transpose(row);
    CONVPROOF_UNROLL
    for (int l = 0; l < L; l++) {
      if (k + l < count && slot(k + l) >= 0) row[l].store(out + slot(k + l) * pitch);
    }
  }
}

// out[lane * plane + p * stride] = in[p * pitch + lane] (+ bias[lane]) for p < pixels, lane < lanes.
template <class T, class V>
CONVPROOF_NOINLINE void unpack_lanes(const T* in, int64_t pitch, int64_t pixels, int64_t lanes, const T* bias, T* out,
                                     int64_t plane, int64_t stride) {
  constexpr int L = V::lanes;
  for (int64_t p = 0; p < pixels; p += L) {
    V row[L];
    CONVPROOF_UNROLL
    for (int l = 0; l < L; l++) row[l] = p + l < pixels ? V::load(in + (p + l) * pitch) : V::zero();
    transpose(row);
    CONVPROOF_UNROLL
    for (int l = 0; l < L; l++) {
      if (l >= lanes) break;
      if (bias) row[l] += V::fill(bias[l]);
      T* to = out + l * plane + p * stride;
      if (stride != 1) row[l].store_strided(to, stride, pixels - p);
      else if (p + L <= pixels) row[l].store(to);
      else row[l].store_first(to, pixels - p);
    }
  }
}

}  // namespace convproof
