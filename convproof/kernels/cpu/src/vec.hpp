// Vec<T, L>: L scalars of type T that are worked on together.
//
// Two types share one interface. RegisterVec sits on the vector extensions of GCC and Clang and
// becomes one machine register; ArrayVec is a plain array and serves every other scalar (the
// symbolic scalar of the tracer) and every other compiler. A kernel is a template over
// <Scalar, Vector> and cannot tell them apart, so what is traced is what runs.
//
// Rules for kernels, so that they stay traceable: a scalar is only copied, added, subtracted,
// multiplied or made from an int; no branch depends on its value.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__GNUC__)
#define CONVPROOF_INLINE inline __attribute__((always_inline))
#define CONVPROOF_LAMBDA_INLINE __attribute__((always_inline))
#define CONVPROOF_NOINLINE __attribute__((noinline))
#define CONVPROOF_UNROLL _Pragma("GCC unroll 32")
#else
#define CONVPROOF_INLINE inline
#define CONVPROOF_LAMBDA_INLINE
#define CONVPROOF_NOINLINE
#define CONVPROOF_UNROLL
#endif

#if defined(__GNUC__) && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define CONVPROOF_VECTOR_EXTENSIONS 1
#endif
#endif

#include "lane_mask.hpp"

namespace convproof {

using std::int64_t;

template <class T, int L>
struct ArrayVec {
  using Scalar = T;
  static constexpr int lanes = L;
  T lane[L];

  static ArrayVec fill(T value) {
    ArrayVec r;
    for (int l = 0; l < L; l++) r.lane[l] = value;
    return r;
  }
  static ArrayVec zero() { return fill(T(0)); }
  static ArrayVec load(const T* p) { return load(p, mask(0, L)); }
  void store(T* p) const { store(p, mask(0, L)); }

  // The lanes [low, high). A masked load reads p[lane] for these, makes the others zero and does not
  // touch their memory; a masked store writes these only.
  static LaneRange mask(int64_t low, int64_t high) { return lane_range<L>(low, high); }
  static ArrayVec load(const T* p, LaneRange m) {
    ArrayVec r = zero();
    for (int64_t l = m.low; l < m.high; l++) r.lane[l] = p[l];
    return r;
  }
  void store(T* p, LaneRange m) const {
    for (int64_t l = m.low; l < m.high; l++) p[l] = lane[l];
  }
  static ArrayVec load_first(const T* p, int64_t n) { return load(p, mask(0, n)); }
  void store_first(T* p, int64_t n) const { store(p, mask(0, n)); }
  void store_strided(T* p, int64_t stride, int64_t n) const {
    for (int l = 0; l < L && l < n; l++) p[l * stride] = lane[l];
  }
  void operator+=(const ArrayVec& b) {
    for (int l = 0; l < L; l++) lane[l] += b.lane[l];
  }
  void add_product(const ArrayVec& a, const ArrayVec& b) {
    for (int l = 0; l < L; l++) lane[l] += a.lane[l] * b.lane[l];
  }
  T sum() const {
    T total = lane[0];
    for (int l = 1; l < L; l++) total += lane[l];
    return total;
  }
  // Result lane i is lane from[i] of a followed by b.
  template <int... from>
  static ArrayVec shuffle(const ArrayVec& a, const ArrayVec& b) {
    return ArrayVec{{(from < L ? a.lane[from % L] : b.lane[from % L])...}};
  }
};

#ifdef CONVPROOF_VECTOR_EXTENSIONS
template <class T, int L>
struct RegisterVec {
  using Scalar = T;
  using Register = typename RegisterOf<T, L>::type;
  static constexpr int lanes = L;
  Register v;

  static CONVPROOF_INLINE RegisterVec fill(T value) { return {value - Register{}}; }
  static CONVPROOF_INLINE RegisterVec zero() { return {Register{}}; }
  static CONVPROOF_INLINE RegisterVec load(const T* p) {
    RegisterVec r;
    std::memcpy(&r.v, p, sizeof r.v);
    return r;
  }
  CONVPROOF_INLINE void store(T* p) const { std::memcpy(p, &v, sizeof v); }

  static CONVPROOF_INLINE auto mask(int64_t low, int64_t high) { return lane_mask<T, L>(low, high); }
  template <class Mask>
  static CONVPROOF_INLINE RegisterVec load(const T* p, Mask m) {
    return {masked_load<T, L>(p, m)};
  }
  template <class Mask>
  CONVPROOF_INLINE void store(T* p, Mask m) const {
    masked_store<T, L>(p, m, v);
  }
  static CONVPROOF_INLINE RegisterVec load_first(const T* p, int64_t n) { return load(p, mask(0, n)); }
  CONVPROOF_INLINE void store_first(T* p, int64_t n) const { store(p, mask(0, n)); }
  CONVPROOF_INLINE void store_strided(T* p, int64_t stride, int64_t n) const {
    if constexpr (has_mask_registers<T, L>) {  // masked stores of AVX2 are slower than single ones
      if (stride == 2) return store_every_other(p, n);
    }
    for (int l = 0; l < L && l < n; l++) p[l * stride] = v[l];
  }
  CONVPROOF_INLINE void operator+=(const RegisterVec& b) { v += b.v; }
  CONVPROOF_INLINE void add_product(const RegisterVec& a, const RegisterVec& b) { v += a.v * b.v; }
  T sum() const {
    T total = v[0];
    for (int l = 1; l < L; l++) total += v[l];
    return total;
  }
  template <int... from>
  static CONVPROOF_INLINE RegisterVec shuffle(const RegisterVec& a, const RegisterVec& b) {
    return {__builtin_shufflevector(a.v, b.v, from...)};
  }

 private:
  // p[2 * lane] = lane for the first n lanes: v0 v0 v1 v1 ... through a mask of even lanes.
  CONVPROOF_INLINE void store_every_other(T* p, int64_t n) const {
    constexpr auto lanes_in_order = std::make_integer_sequence<int, L>();
    constexpr unsigned even = 0x5555;
    masked_store<T, L>(p, mask(0, 2 * n - 1) & even, doubled<0>(lanes_in_order));
    masked_store<T, L>(p + L, mask(0, 2 * n - 1 - L) & even, doubled<L / 2>(lanes_in_order));
  }
  template <int first, int... lane>
  CONVPROOF_INLINE Register doubled(std::integer_sequence<int, lane...>) const {
    return __builtin_shufflevector(v, v, (first + lane / 2)...);
  }
};

template <class T, int L>
using Vec = std::conditional_t<std::is_arithmetic_v<T> && (L > 1), RegisterVec<T, L>, ArrayVec<T, L>>;
#else
template <class T, int L>
using Vec = ArrayVec<T, L>;
#endif

// Bytes of a vector register of the instruction set this file is compiled for.
#if defined(__AVX512F__)
constexpr int register_bytes = 64;
#elif defined(__AVX2__)
constexpr int register_bytes = 32;
#else
constexpr int register_bytes = 16;
#endif

template <class T>
using NativeVec = Vec<T, register_bytes / static_cast<int>(sizeof(T))>;

// How many broadcast rows of two vectors the registers hold as running sums: 14 x 2 of the 32
// registers of AVX-512, 6 x 2 of the 16 registers of AVX2 and SSE.
template <class V>
constexpr int sum_rows = V::lanes * static_cast<int>(sizeof(typename V::Scalar)) >= 64 ? 14 : 6;

}  // namespace convproof
