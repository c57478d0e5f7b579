// Input gradient (the transposed convolution), by phases of the input.
//
// Input positions i = phase + stride * j, for one phase of every axis, receive
//
//   dx[c][j] = sum over m, tap of  w[m][c][tap] * g[m][j + (phase + pad - dilation * tap) / stride]
//
// over the taps for which the division is exact: a correlation of step one, without inserted zeros.
// Phases without any such tap receive nothing.
#pragma once

#include "forward.hpp"

namespace convproof {

inline Correlation phase_correlation(const Shape& s, const int64_t* phase) {
  Correlation c;
  c.images = s.batch;
  c.groups = s.groups;
  c.in_channels = s.out_channels;
  c.out_channels = s.in_channels;
  c.weight_taps = volume(s.k);
  c.weight_out = c.weight_taps;
  c.weight_in = c.weight_taps * s.in_channels;
  c.weight_group = c.weight_in * s.out_channels;
  c.output_plane = volume(s.n);
  int64_t plane_stride = 1;
  for (int a = axes - 1; a >= 0; a--) {
    Axis& axis = c.axis[a];
    const int64_t outputs = s.n[a] > phase[a] ? (s.n[a] - phase[a] - 1) / s.stride[a] + 1 : 0;
    axis = Axis{s.o[a], outputs, 1, plane_stride * s.stride[a], {}};
    for (int64_t r = s.k[a] - 1; r >= 0; r--) {
      const int64_t distance = phase[a] + s.pad[a] - s.dilation[a] * r;
      if (distance % s.stride[a] == 0) axis.taps.push_back(Tap{distance / s.stride[a], r * tap_stride(s, a)});
    }
    axis.drop_idle_taps();
    c.output_begin += phase[a] * plane_stride;
    plane_stride *= s.n[a];
  }
  return c;
}

// The phases of an axis that some tap reaches, ascending.
inline std::vector<int64_t> reached_phases(const Shape& s, int axis) {
  std::vector<int64_t> phases;
  for (int64_t r = 0; r < s.k[axis]; r++) {
    int64_t phase = (s.dilation[axis] * r - s.pad[axis]) % s.stride[axis];
    if (phase < 0) phase += s.stride[axis];
    if (phase < s.n[axis]) phases.push_back(phase);
  }
  std::sort(phases.begin(), phases.end());
  phases.erase(std::unique(phases.begin(), phases.end()), phases.end());
  return phases;
}

// Fills every plane with its bias, or with zero.
template <class T>
class FillJob final : public Job {
 public:
  FillJob(const Shape& s, const T* bias, T* planes)
      : channels_(input_channels(s)), count_(s.batch * channels_), plane_(volume(s.n)), bias_(bias), planes_(planes) {}
  int64_t tasks() const override { return count_; }
  void run(int64_t i) override {
    std::fill(planes_ + i * plane_, planes_ + (i + 1) * plane_, bias_ ? bias_[i % channels_] : T(0));
  }

 private:
  const int64_t channels_, count_, plane_;
  const T* bias_;
  T* planes_;
};

// dx = gradient of sum(g * forward(x, w)) in x (+ bias [groups][in_channels] or null).
template <class T, class V>
void input_gradient(const Shape& s, const T* g, const T* w, const T* bias, T* dx, int threads) {
  if (input_size(s) == 0) return;
  threads = useful_threads(threads, work_of(s));
  const std::vector<int64_t> phases[axes] = {reached_phases(s, 0), reached_phases(s, 1), reached_phases(s, 2)};
  bool all_reached = true;
  for (int a = 0; a < axes; a++) {
    all_reached = all_reached && int64_t(phases[a].size()) == std::min(s.stride[a], s.n[a]);
  }
  Jobs fill;
  if (!all_reached) fill.push_back(std::make_unique<FillJob<T>>(s, bias, dx));
  Jobs jobs;
  for (int64_t d : phases[0]) {
    for (int64_t h : phases[1]) {
      for (int64_t v : phases[2]) {
        const int64_t phase[axes] = {d, h, v};
        jobs.push_back(make_correlation_job<T, V>(phase_correlation(s, phase), g, w, bias, dx, threads));
      }
    }
  }
  run_jobs(threads, fill, jobs);
}

}  // namespace convproof
