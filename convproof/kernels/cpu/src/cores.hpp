// What the Cython shells call: the cores on the vectors of the instruction set being compiled for.
#pragma once

#include "forward.hpp"
#include "index_map.hpp"
#include "input_gradient.hpp"
#include "weight_gradient.hpp"

namespace convproof::native {

template <class T>
void forward(const Shape& s, const T* x, const T* w, const T* bias, T* y, int threads) {
  convproof::forward<T, NativeVec<T>>(s, x, w, bias, y, threads);
}

template <class T>
void input_gradient(const Shape& s, const T* g, const T* w, const T* bias, T* dx, int threads) {
  convproof::input_gradient<T, NativeVec<T>>(s, g, w, bias, dx, threads);
}

template <class T>
void weight_gradient(const Shape& s, const T* g, const T* x, T* dw, int threads) {
  convproof::weight_gradient<T, NativeVec<T>>(s, g, x, dw, threads);
}

inline const char* isa() { return register_bytes == 64 ? "avx512" : register_bytes == 32 ? "avx2" : "baseline"; }

}  // namespace convproof::native
