// Chooses the kernel for a correlation, and the forward pass.
#pragma once

#include "depthwise.hpp"
#include "dot.hpp"
#include "offset_table.hpp"
#include "row.hpp"

namespace convproof {

// Share of the vector lanes that `count` neighbouring items fill.
inline double filled(int64_t count, int64_t lanes) {
  return count == 0 ? 1.0 : double(count) / double((count + lanes - 1) / lanes * lanes);
}

template <class T, class V>
bool prefers_pixel_lanes(const Correlation& c) {
  constexpr int64_t few_terms = 24;  // not worth transposing the sums
  if (c.terms() < few_terms) return true;
  return c.out_channels < V::lanes && filled(c.axis[2].outputs, 2 * V::lanes) > filled(c.out_channels, V::lanes);
}

template <class T, class V>
std::unique_ptr<Job> make_correlation_job(Correlation c, const T* input, const T* weight, const T* bias, T* output,
                                          int threads) {
  if (DepthwiseJob<T, V>::serves(c)) {
    return std::make_unique<DepthwiseJob<T, V>>(std::move(c), input, weight, bias, output);
  }
  join_pointwise_axes(c);
  if (DotJob<T, V>::serves(c)) return std::make_unique<DotJob<T, V>>(std::move(c), input, weight, bias, output);
  if (prefers_pixel_lanes<T, V>(c)) {
    return std::make_unique<OffsetTableJob<T, V>>(std::move(c), input, weight, bias, output);
  }
  return std::make_unique<RowJob<T, V>>(std::move(c), input, weight, bias, output, threads);
}

// y = x * w (+ bias): x [batch][groups][in_channels][n], w [groups][out_channels][in_channels][k],
// y [batch][groups][out_channels][o], bias [groups][out_channels] or null.
template <class T, class V>
void forward(const Shape& s, const T* x, const T* w, const T* bias, T* y, int threads) {
  if (output_size(s) == 0) return;
  threads = useful_threads(threads, work_of(s));
  Jobs jobs;
  jobs.push_back(make_correlation_job<T, V>(forward_correlation(s), x, w, bias, y, threads));
  run_jobs(threads, jobs);
}

}  // namespace convproof
