// SPDX-License-Identifier: MIT
// chaos.cpp - see chaos.hpp.
#include "chaos/chaos.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include <procfarm/this_task.hpp>

namespace chaos {
namespace {

std::uint64_t number_from_environment(const char* name, std::uint64_t usually) {
  const char* const text = std::getenv(name);
  return text == nullptr ? usually : std::stoull(text);
}

void leave_line(const std::string& witness, std::uint64_t index) {
  // Opened once in each worker, which has one witness in its life.
  static const int file = ::open(witness.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const std::string line = fmt::format("{} {}\n", index, this_task::attempt());
  if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error("cannot write " + witness);
}

}  // namespace

std::size_t task_count(std::size_t usually) {
  return number_from_environment("PROCFARM_CHAOS_TASKS", usually);
}

std::uint64_t seed() { return number_from_environment("PROCFARM_CHAOS_SEED", 1); }

void tell(const std::string& line) { fmt::print("{}\n", line); }

std::vector<std::vector<int>> Witness::executions(std::size_t tasks) const {
  std::vector<std::vector<int>> found(tasks);
  for (const std::string& line : journal_.lines()) {
    std::istringstream words(line);
    std::size_t index = 0;
    int attempt = 0;
    if (!(words >> index >> attempt) || index >= tasks) FAIL("the witness says: " << line);
    found[index].push_back(attempt);
  }
  return found;
}

std::uint64_t value_of(std::uint64_t index) {
  std::uint64_t mixed = index + 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  return mixed ^ (mixed >> 27);
}

std::uint64_t witnessed(const std::string& witness, std::uint64_t index, unsigned busy_us) {
  leave_line(witness, index);
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(busy_us);
  while (std::chrono::steady_clock::now() < until) {
  }
  return value_of(index);
}

std::uint64_t witnessed_until_stopped(const std::string& witness, std::uint64_t index) {
  leave_line(witness, index);
  while (!this_task::stop_requested()) std::this_thread::sleep_for(50us);
  return value_of(index);
}

std::uint64_t witnessed_for_ever(const std::string& witness, std::uint64_t index) {
  leave_line(witness, index);
  for (;;) ::pause();
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator begin("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin, {}));
}

double quantile(std::vector<double> samples, double share) {
  REQUIRE_FALSE(samples.empty());
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  return samples[static_cast<std::size_t>(share * last)];
}

}  // namespace chaos
