// Chooses the kernel for a correlation, and the forward pass.
#pragma once

#include "depthwise.hpp"
#include "dot.hpp"
#include "offset_table.hpp"
#include "row.hpp"

namespace convproof {

template <class T, class V>
std::unique_ptr<Job> make_correlation_job(Correlation c, const T* input, const T* weight, const T* bias, T* output,
                                          int threads) {
  if (DepthwiseJob<T, V>::serves(c)) {
    return std::make_unique<DepthwiseJob<T, V>>(std::move(c), input, weight, bias, output);
  }
  join_pointwise_axes(c);
  if (DotJob<T, V>::serves(c)) return std::make_unique<DotJob<T, V>>(std::move(c), input, weight, bias, output);
  const bool few_channels = 2 * c.out_channels < V::lanes;
  const bool few_terms = c.terms() < 32;
  if (few_channels || few_terms) {
    return std::make_unique<OffsetTableJob<T, V>>(std::move(c), input, weight, bias, output);
  }
  return std::make_unique<RowJob<T, V>>(std::move(c), input, weight, bias, output, threads);
}

// y = x * w (+ bias): x [batch][groups][in_channels][n], w [groups][out_channels][in_channels][k],
// y [batch][groups][out_channels][o], bias [groups][out_channels] or null.
template <class T, class V>
void forward(const Shape& s, const T* x, const T* w, const T* bias, T* y, int threads) {
  if (output_size(s) == 0) return;
  threads = useful_threads(threads, multiply_adds(s));
  Jobs jobs;
  jobs.push_back(make_correlation_job<T, V>(forward_correlation(s), x, w, bias, y, threads));
  run_jobs(threads, jobs);
}

}  // namespace convproof
