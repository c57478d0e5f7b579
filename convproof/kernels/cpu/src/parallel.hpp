// One parallel region per call, made of loops over independent tasks.
//
// Every task owns its outputs, so results do not depend on the number of threads. An exception
// inside a task (memory exhausted) may not leave the region: it is kept, the remaining tasks are
// skipped, and it is thrown again after the region.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace convproof {

using std::int64_t;

class TaskLoop {
 public:
  explicit TaskLoop(bool shared) : shared_(shared) {}

  // Calls task(i) for i in [0, count), spread over the threads of the region; all are done on return.
  template <class Task>
  void operator()(int64_t count, Task&& task) {
#ifdef _OPENMP
    if (shared_) {
#pragma omp for schedule(dynamic, 1)
      for (int64_t i = 0; i < count; i++) guarded(task, i);
      return;
    }
#endif
    for (int64_t i = 0; i < count; i++) guarded(task, i);
  }

  void rethrow() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  template <class Task>
  void guarded(Task&& task, int64_t i) {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      task(i);
    } catch (...) {
      if (!failed_.exchange(true)) error_ = std::current_exception();
    }
  }

  const bool shared_;
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;
};

// Threads worth starting: waking one costs about as much as a hundred microseconds of work saves.
inline int useful_threads(int threads, int64_t multiply_adds) {
  constexpr int64_t worth_a_thread = int64_t(2) << 20;
  const int64_t useful = multiply_adds / worth_a_thread;
  return useful < 2 || threads < 2 ? 1 : useful < threads ? static_cast<int>(useful) : threads;
}

// body(loop) runs on every thread of the region; all its work goes through loop(count, task).
template <class Body>
void run_parallel(int threads, Body&& body) {
#ifdef _OPENMP
  TaskLoop loop(threads > 1);
  if (threads > 1) {
#pragma omp parallel num_threads(threads)
    body(loop);
  } else {
    body(loop);
  }
#else
  (void)threads;
  TaskLoop loop(false);
  body(loop);
#endif
  loop.rethrow();
}

constexpr bool has_openmp() {
#ifdef _OPENMP
  return true;
#else
  return false;
#endif
}

}  // namespace convproof
