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
#if defined(_OPENMP) && defined(__unix__)
#include <pthread.h>
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

// Threads worth starting for `work` multiply-adds (memory traffic counts too, see `work_of`): waking
// one only pays from about a hundred microseconds on.
inline int useful_threads(int threads, int64_t work) {
  constexpr int64_t worth_a_thread = int64_t(2) << 20;
  const int64_t useful = work / worth_a_thread;
  return useful < 2 || threads < 2 ? 1 : useful < threads ? static_cast<int>(useful) : threads;
}

#if defined(_OPENMP) && defined(__unix__)
// The threads of OpenMP do not survive a fork, and a child that asks for them may wait for ever. So
// the children of a process that has used them work on one thread: slower, with the same results.
inline std::atomic<bool> forked{false};
inline bool may_use_threads() {
  static const int watching = pthread_atfork(nullptr, nullptr, [] { forked = true; });
  return watching == 0 && !forked;
}
#elif defined(_OPENMP)
inline bool may_use_threads() { return true; }
#endif

// body(loop) runs on every thread of the region; all its work goes through loop(count, task).
template <class Body>
void run_parallel(int threads, Body&& body) {
#ifdef _OPENMP
  if (threads > 1 && may_use_threads()) {
    TaskLoop loop(true);
#pragma omp parallel num_threads(threads)
    body(loop);
    return loop.rethrow();
  }
#else
  (void)threads;
#endif
  TaskLoop loop(false);
  body(loop);
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
