// SPDX-License-Identifier: MIT
// threads.cpp - the same tasks on two threads of this process: the pool that one writes in an
// afternoon (one queue, one mutex, one condition variable, a std::future for each task), and
// std::async, which makes a thread for each task.
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "../kernel.hpp"
#include "../probe.hpp"
#include "../samples.hpp"

namespace {

using bench::Reply;
using bench::Request;

class NaivePool {
 public:
  explicit NaivePool(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~NaivePool() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

  template <class Function>
  std::future<std::uint64_t> submit(Function function) {
    std::packaged_task<std::uint64_t()> task(std::move(function));
    auto future = task.get_future();
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(std::move(task));
    }
    changed_.notify_one();
    return future;
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return closed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto task = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<std::uint64_t()>> queue_;
  bool closed_ = false;
  std::vector<std::jthread> threads_;
};

template <class Submit>
Reply run(const Request& request, Submit&& submit) {
  const std::uint64_t count = request.number("count");
  const std::uint64_t grain = request.number("grain", 0);
  std::uint64_t sum = 0;
  Reply reply = bench::timed(count, [&] {
    std::vector<std::future<std::uint64_t>> futures;
    futures.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i)
      futures.push_back(submit([i, grain] { return bench_work(i, grain); }));
    for (auto& future : futures) sum += future.get();
  });
  bench::check(sum == bench::expected_sum(count, grain), "threads");
  return reply;
}

/// At most so many at a time, for there would be a thread for each.
Reply async(const Request& request) {
  const std::uint64_t count = request.number("count");
  const std::uint64_t grain = request.number("grain", 0);
  constexpr std::size_t most = 64;
  std::uint64_t sum = 0;
  Reply reply = bench::timed(count, [&] {
    std::deque<std::future<std::uint64_t>> futures;
    const auto take = [&] {
      sum += futures.front().get();
      futures.pop_front();
    };
    for (std::uint64_t i = 0; i < count; ++i) {
      if (futures.size() == most) take();
      futures.push_back(std::async(std::launch::async, bench_work, i, grain));
    }
    while (!futures.empty()) take();
  });
  bench::check(sum == bench::expected_sum(count, grain), "std::async");
  return reply;
}

}  // namespace

int main(int argc, char** argv) {
  NaivePool pool(2);
  const auto submit = [&pool](auto function) { return pool.submit(std::move(function)); };
  return bench::serve(
      argc, argv,
      {{"tasks", [&](const Request& request) { return run(request, submit); }},
       {"async", async},
       {"rtt", [&](const Request& request) {
          return bench::latencies(
              request.number("count"), std::chrono::microseconds{0}, [&](std::uint64_t i) {
                bench::check(
                    submit([i] { return bench_work(i, 0); }).get() == bench::expected_sum(1, 0) + i,
                    "threads, one at a time");
              });
        }}});
}
