// SPDX-License-Identifier: MIT
// probe.cpp - see probe.hpp.
#include "probe.hpp"

#include <fmt/core.h>
#include <malloc.h>
#include <sched.h>

#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>

#include "kernel.hpp"

namespace bench {
namespace {

void print(const Reply& reply) {
  std::string line;
  for (const auto& [key, value] : reply) {
    line += fmt::format("{}\"{}\":{}", line.empty() ? "" : ",", key,
                        std::isfinite(value) ? fmt::format("{:.12g}", value) : "null");
  }
  fmt::print("{{{}}}\n", line);
}

bool answer(const std::string& line, const Answers& answers) {
  bool worked = true;
  try {
    const Request request(line);
    const auto found = answers.find(request.name());
    if (found == answers.end()) throw std::invalid_argument("unknown request: " + line);
    print(found->second(request));
  } catch (const std::exception& error) {
    std::string text = error.what();
    for (char& each : text)
      if (each == '"' || each == '\\' || each == '\n') each = '\'';
    fmt::print("{{\"error\":\"{}\"}}\n", text);
    worked = false;
  }
  std::fflush(stdout);
  return worked;
}

}  // namespace

Request::Request(const std::string& line) {
  std::istringstream words(line);
  words >> name_;
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) throw std::invalid_argument("not key=value: " + word);
    values_[word.substr(0, equals)] = word.substr(equals + 1);
  }
}

std::uint64_t Request::number(const std::string& key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) throw std::invalid_argument(name_ + " needs " + key);
  return std::stoull(found->second);
}

std::uint64_t Request::number(const std::string& key, std::uint64_t otherwise) const {
  return values_.contains(key) ? number(key) : otherwise;
}

std::string Request::text(const std::string& key, const std::string& otherwise) const {
  const auto found = values_.find(key);
  return found == values_.end() ? otherwise : found->second;
}

std::uint64_t expected_sum(std::uint64_t count, std::uint64_t grain) {
  return count * (count - 1) / 2 + count * bench_busy(grain);
}

int serve(int argc, char** argv, const Answers& answers) {
  if (argc > 1) {
    std::string line;
    for (int i = 1; i < argc; ++i) line += std::string(argv[i]) + ' ';
    return answer(line, answers) ? 0 : 1;
  }
  for (std::string line; std::getline(std::cin, line);) answer(line, answers);
  return 0;
}

Reply timed(std::uint64_t count, const std::function<void()>& body) {
  const auto start = Clock::now();
  body();
  return {{"seconds", seconds_since(start)}, {"count", static_cast<double>(count)}};
}

void pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (core < 0 || i == core) CPU_SET(static_cast<std::size_t>(i), &cores);
  if (::sched_setaffinity(0, sizeof cores, &cores) != 0)
    throw std::runtime_error(fmt::format("cannot pin to core {}", core));
}

double proportional_memory() {
  ::malloc_trim(0);
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string line; std::getline(rollup, line);)
    if (line.starts_with("Pss:")) return 1024 * std::stod(line.substr(4));
  throw std::runtime_error("no Pss in /proc/self/smaps_rollup");
}

}  // namespace bench
