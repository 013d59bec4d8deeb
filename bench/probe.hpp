// SPDX-License-Identifier: MIT
// probe.hpp - what every probe shares: the clock, the check of results, and the conversation with
// the harness. A probe stays alive, blocked on its standard input, so that samples of several
// systems can be taken in turn without any of them starting anew; it reads lines such as
//   tasks count=200000 grain=100
// and answers each with one line of JSON, numbers only: {"seconds":0.061,"count":200000}.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Throws if a system returned anything but the right results.
inline void check(bool right, const char* what) {
  if (!right) throw std::runtime_error(std::string("wrong results: ") + what);
}

/// What bench_work(0, grain) ... bench_work(count - 1, grain) add up to.
std::uint64_t expected_sum(std::uint64_t count, std::uint64_t grain);

/// One line from the harness.
class Request {
 public:
  explicit Request(const std::string& line);
  const std::string& name() const { return name_; }
  /// Throws std::invalid_argument if a value without a default is missing.
  std::uint64_t number(const std::string& key) const;
  std::uint64_t number(const std::string& key, std::uint64_t otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise = "") const;

 private:
  std::string name_;
  std::map<std::string, std::string> values_;
};

using Reply = std::vector<std::pair<std::string, double>>;
using Answers = std::map<std::string, std::function<Reply(const Request&)>>;

/// Reads requests until the input ends and prints what the function of that name replies; an
/// exception becomes {"error": "..."}. With arguments it answers those as one request and returns.
/// Returns the exit code.
int serve(int argc, char** argv, const Answers& answers);

/// Runs `body` and replies with the wall time and how many tasks that were.
Reply timed(std::uint64_t count, const std::function<void()>& body);

/// Restricts this thread, and what it starts later, to one core; -1: to all.
void pin(int core);

/// Proportional set size of this process in bytes, after the allocator has given back what it can.
double proportional_memory();

}  // namespace bench
