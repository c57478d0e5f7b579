// Job: a computation cut into independent tasks. Its tasks may share what a first round of tasks
// has packed. One call runs the rounds of all its jobs inside one parallel region.
#pragma once

#include <memory>
#include <vector>

#include "parallel.hpp"

namespace convproof {

class Job {
 public:
  virtual ~Job() = default;
  virtual int64_t packing_tasks() const { return 0; }
  virtual void pack(int64_t) {}
  virtual int64_t tasks() const = 0;
  virtual void run(int64_t task) = 0;
};

using Jobs = std::vector<std::unique_ptr<Job>>;

// Runs the lists of jobs one after the other, the jobs of a list side by side, in one parallel region.
template <class... Lists>
void run_jobs(int threads, const Lists&... lists) {
  auto run_list = [](TaskLoop& loop, const Jobs& jobs) {
    for (const auto& job : jobs) loop(job->packing_tasks(), [&](int64_t i) { job->pack(i); });
    for (const auto& job : jobs) loop(job->tasks(), [&](int64_t i) { job->run(i); });
  };
  run_parallel(threads, [&](TaskLoop& loop) { (run_list(loop, lists), ...); });
}

}  // namespace convproof
