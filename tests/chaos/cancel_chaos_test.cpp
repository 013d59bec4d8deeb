// SPDX-License-Identifier: MIT
// cancel_chaos_test.cpp - tasks are cancelled at random moments after their submit, waiting and
// running ones, while others that nobody cancels run on the same workers: none of those is lost.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <queue>
#include <utility>

#include <fmt/format.h>

#include "chaos/chaos.hpp"
#include "support/process_tree.hpp"

using namespace chaos;

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto latest_cancel = 5ms;

/// Now few, so that most have begun when they are cancelled, now many, so that most are waiting.
std::size_t most_in_flight(std::size_t index) { return index / 500 % 2 == 0 ? 10 : 200; }

/// What becomes of a task: nothing, cancel(), or cancel(cancel_running).
enum class Fate { spared, cancelled, stopped };

struct Subject {
  Future<std::uint64_t> future;
  Fate fate = Fate::spared;
  bool accepted = false;  // what cancel() has answered
};

class Course {
 public:
  explicit Course(std::size_t tasks) : calls_(tasks) { subjects_.reserve(tasks); }

  void run() {
    while (subjects_.size() < calls_.size() || !due_.empty()) {
      const std::size_t most = most_in_flight(subjects_.size());
      if (subjects_.size() < calls_.size() && due_.size() < most) submit_one();
      const bool full = due_.size() >= most || subjects_.size() == calls_.size();
      while (!due_.empty() && (full || due_.top().first <= Clock::now())) {
        while (due_.top().first > Clock::now()) {
        }
        cancel(subjects_[due_.top().second]);
        due_.pop();
        if (subjects_.size() < calls_.size()) break;
      }
    }
    pool_.shutdown();
  }

  void check() const {
    const auto executions = witness_.executions(subjects_.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      const bool right = is_right(subjects_[i], i, executions[i].size()) && calls_[i] == 1;
      if (!right) ++wrong;
    }
    CHECK(wrong == 0);
    const PoolStats stats = pool_.stats();
    CHECK(stats.done + stats.cancelled == subjects_.size());
    CHECK(stats.failed + stats.pending + stats.running == 0);
  }

  PoolStats stats() const { return pool_.stats(); }

 private:
  void submit_one() {
    const std::size_t index = subjects_.size();
    const auto kind = random_() % 1000;
    Subject subject;
    subject.fate = kind < 200 ? Fate::spared : kind < 700 ? Fate::cancelled : Fate::stopped;
    auto with_grace = pool_.with({.grace = 1ms});
    if (kind >= 995) {
      subject.future = with_grace.submit<witnessed_for_ever>(witness_.path(), index);
    } else if (kind >= 900) {
      subject.future = with_grace.submit<witnessed_until_stopped>(witness_.path(), index);
    } else {
      const auto busy_us = static_cast<unsigned>(random_() % 100);
      subject.future = with_grace.submit<witnessed>(witness_.path(), index, busy_us);
    }
    subject.future.add_done_callback([this, index](const auto&) { ++calls_[index]; });
    const auto delay = std::chrono::nanoseconds(
        random_() % std::chrono::duration_cast<std::chrono::nanoseconds>(latest_cancel).count());
    if (subject.fate != Fate::spared) due_.emplace(Clock::now() + delay, index);
    subjects_.push_back(std::move(subject));
  }

  static void cancel(Subject& subject) {
    subject.accepted = subject.fate == Fate::stopped ? subject.future.cancel(cancel_running)
                                                     : subject.future.cancel();
  }

  static bool is_right(const Subject& subject, std::size_t index, std::size_t executions) {
    if (!subject.future.done()) return false;
    if (subject.future.cancelled()) {
      // Cancelled before it began: never executed. A running one may be, once.
      return subject.accepted && executions <= (subject.fate == Fate::stopped ? 1u : 0u);
    }
    if (subject.fate == Fate::cancelled && subject.accepted) return false;
    return executions == 1 && subject.future.exception() == nullptr &&
           subject.future.result() == value_of(index);
  }

  Witness witness_;
  std::mt19937_64 random_{seed()};
  std::vector<std::atomic<int>> calls_;
  std::vector<Subject> subjects_;
  using Due = std::pair<Clock::time_point, std::size_t>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  ProcessPoolExecutor pool_{2};
};

}  // namespace

TEST_CASE("chaos: tasks are cancelled at any moment, and no other task is lost" *
          doctest::timeout(900)) {
  const std::size_t tasks = task_count(4000);
  const auto began = Clock::now();
  Course course(tasks);
  course.run();
  course.check();
  CHECK(support::children_of(::getpid()).empty());
  const PoolStats stats = course.stats();
  CHECK(stats.cancelled > 0);
  CHECK(stats.done > 0);
  tell(fmt::format("chaos: seed {}, {} tasks in {:.2f} s: {} cancelled, {} done; {} workers used",
                   seed(), tasks, std::chrono::duration<double>(Clock::now() - began).count(),
                   stats.cancelled, stats.done, stats.workers_started));
}
