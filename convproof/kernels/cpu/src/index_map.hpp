// Padding by index maps, for every mode but zeros: reflect, replicate and circular padding only
// differ in the maps.
//
//   gather:       padded[outer][i0][i1][i2] = x[outer][map0[i0]][map1[i1]][map2[i2]]
//   scatter_add:  x[outer][map0[i0]][map1[i1]][map2[i2]] += padded[outer][i0][i1][i2], from zero
//
// An entry of -1 in any map stands for a zero. The two are adjoint to each other.
#pragma once

#include <algorithm>
#include <cstdint>

#include "parallel.hpp"
#include "shape.hpp"

namespace convproof {

struct IndexMaps {
  int64_t outer;            // planes: images times channels
  int64_t n[axes];          // extents of x
  int64_t padded[axes];     // extents of the padded array, lengths of the maps
  const int64_t* map[axes];
};

inline bool maps_are_sound(const IndexMaps& m) {
  for (int a = 0; a < axes; a++) {
    for (int64_t i = 0; i < m.padded[a]; i++) {
      if (m.map[a][i] < -1 || m.map[a][i] >= m.n[a]) return false;
    }
  }
  return true;
}

// Calls visit(row of x or -1, row of padded), as element offsets within a plane.
template <class Visit>
void each_mapped_row(const IndexMaps& m, Visit&& visit) {
  for (int64_t d = 0; d < m.padded[0]; d++) {
    for (int64_t h = 0; h < m.padded[1]; h++) {
      const bool outside = m.map[0][d] < 0 || m.map[1][h] < 0;
      visit(outside ? -1 : (m.map[0][d] * m.n[1] + m.map[1][h]) * m.n[2], (d * m.padded[1] + h) * m.padded[2]);
    }
  }
}

template <class T>
void pad_gather(const IndexMaps& m, const T* x, T* padded, int threads) {
  const int64_t* column = m.map[2];
  threads = useful_threads(threads, 8 * m.outer * volume(m.padded));
  run_parallel(threads, [&](TaskLoop& loop) {
    loop(m.outer, [&](int64_t i) {
      const T* plane = x + i * volume(m.n);
      T* out = padded + i * volume(m.padded);
      each_mapped_row(m, [&](int64_t from, int64_t to) {
        for (int64_t j = 0; j < m.padded[2]; j++) {
          out[to + j] = from < 0 || column[j] < 0 ? T(0) : plane[from + column[j]];
        }
      });
    });
  });
}

template <class T>
void pad_scatter_add(const IndexMaps& m, const T* padded, T* x, int threads) {
  const int64_t* column = m.map[2];
  threads = useful_threads(threads, 8 * m.outer * volume(m.padded));
  run_parallel(threads, [&](TaskLoop& loop) {
    loop(m.outer, [&](int64_t i) {
      T* plane = x + i * volume(m.n);
      const T* in = padded + i * volume(m.padded);
      std::fill(plane, plane + volume(m.n), T(0));
      each_mapped_row(m, [&](int64_t to, int64_t from) {
        if (to < 0) return;
        for (int64_t j = 0; j < m.padded[2]; j++) {
          if (column[j] >= 0) plane[to + column[j]] += in[from + j];
        }
      });
    });
  });
}

}  // namespace convproof
