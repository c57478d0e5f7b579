// Loads and stores of some lanes of a register. Memory of the other lanes is never touched, so a
// masked load may hang over the end of an array.
#pragma once

#include <cstdint>
#include <type_traits>

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace convproof {

using std::int64_t;

// The lanes [low, high): the mask of vectors that have no mask instructions.
struct LaneRange {
  int64_t low, high;
};

template <int L>
CONVPROOF_INLINE LaneRange lane_range(int64_t low, int64_t high) {
  low = low < 0 ? 0 : low > L ? L : low;
  high = high < low ? low : high > L ? L : high;
  return LaneRange{low, high};
}

#ifdef CONVPROOF_VECTOR_EXTENSIONS

template <class T, int L>
struct RegisterOf {
  typedef T type __attribute__((vector_size(L * sizeof(T))));
};
template <class T, int L>
using RegisterType = typename RegisterOf<T, L>::type;

#if defined(__AVX512F__)
template <class T, int L>
constexpr bool has_mask_registers = L * sizeof(T) == 64;
#else
template <class T, int L>
constexpr bool has_mask_registers = false;
#endif
#if defined(__AVX2__)
template <class T, int L>
constexpr bool has_mask_vectors = L * sizeof(T) == 32;
#else
template <class T, int L>
constexpr bool has_mask_vectors = false;
#endif

// The mask of a register without mask registers: all bits of a lane, or none.
template <class T, int L>
using MaskVector = RegisterType<std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>, L>;

template <class T, int L>
CONVPROOF_INLINE auto lane_mask(int64_t low, int64_t high) {
  const LaneRange range = lane_range<L>(low, high);
  if constexpr (has_mask_registers<T, L>) {
    return static_cast<unsigned>(((1u << range.high) - 1u) & ~((1u << range.low) - 1u));
  } else if constexpr (has_mask_vectors<T, L>) {
    MaskVector<T, L> lane, first, end;
    CONVPROOF_UNROLL
    for (int l = 0; l < L; l++) {
      lane[l] = l;
      first[l] = range.low;
      end[l] = range.high;
    }
    return (MaskVector<T, L>)((lane >= first) & (lane < end));
  } else {
    return range;
  }
}

template <class T, int L, class Mask>
CONVPROOF_INLINE RegisterType<T, L> masked_load(const T* p, Mask mask) {
  using Register = RegisterType<T, L>;
#if defined(__AVX512F__)
  if constexpr (has_mask_registers<T, L>) {
    if constexpr (sizeof(T) == 4) return (Register)_mm512_maskz_loadu_epi32(static_cast<__mmask16>(mask), p);
    else return (Register)_mm512_maskz_loadu_epi64(static_cast<__mmask8>(mask), p);
  } else
#endif
#if defined(__AVX2__)
  if constexpr (has_mask_vectors<T, L>) {
    if constexpr (sizeof(T) == 4) return (Register)_mm256_maskload_epi32((const int*)p, (__m256i)mask);
    else return (Register)_mm256_maskload_epi64((const long long*)p, (__m256i)mask);
  } else
#endif
  {
    Register r{};
    for (int64_t l = mask.low; l < mask.high; l++) r[l] = p[l];
    return r;
  }
}

template <class T, int L, class Mask>
CONVPROOF_INLINE void masked_store(T* p, Mask mask, RegisterType<T, L> value) {
#if defined(__AVX512F__)
  if constexpr (has_mask_registers<T, L>) {
    if constexpr (sizeof(T) == 4) _mm512_mask_storeu_epi32(p, static_cast<__mmask16>(mask), (__m512i)value);
    else _mm512_mask_storeu_epi64(p, static_cast<__mmask8>(mask), (__m512i)value);
  } else
#endif
#if defined(__AVX2__)
  if constexpr (has_mask_vectors<T, L>) {
    if constexpr (sizeof(T) == 4) _mm256_maskstore_epi32((int*)p, (__m256i)mask, (__m256i)value);
    else _mm256_maskstore_epi64((long long*)p, (__m256i)mask, (__m256i)value);
  } else
#endif
  {
    for (int64_t l = mask.low; l < mask.high; l++) p[l] = value[l];
  }
}

#endif

}  // namespace convproof
