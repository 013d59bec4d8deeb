// SPDX-License-Identifier: MIT
// large_argument_test.cpp - arguments that reach workers through shared memory: in place, whole,
// the same for each attempt, and gone from memory when nobody needs them.
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "farm.hpp"

using namespace farm;

namespace {

constexpr std::size_t mebi = std::size_t{1} << 20;

struct Seen {
  double sum = 0;
  bool in_place = false;  // in the memory for arguments
  MSGPACK_DEFINE(sum, in_place)
};

bool lies_in_arguments(const void* data) {
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("procfarm-arguments") == std::string::npos) continue;
    const std::size_t dash = line.find('-');
    if (address >= std::stoull(line.substr(0, dash), nullptr, 16) &&
        address < std::stoull(line.substr(dash + 1), nullptr, 16))
      return true;
  }
  return false;
}

Seen look(std::span<const double> values) {
  return {std::accumulate(values.begin(), values.end(), 0.0), lies_in_arguments(values.data())};
}

double add(const std::vector<double>& left, std::string_view text, std::span<const int> right) {
  return std::accumulate(left.begin(), left.end(), 0.0) + static_cast<double>(text.size()) +
         std::accumulate(right.begin(), right.end(), 0);
}

/// Its worker dies in the first attempt.
double sum_at_second(const std::string& journal, const std::vector<double>& values) {
  note(journal, "attempt");
  if (std::ifstream file(journal);
      std::string(std::istreambuf_iterator<char>(file), {}) == "attempt\n")
    ::kill(::getpid(), SIGKILL);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("large arguments: a view sees them where they were written") {
  const std::vector<double> values(mebi, 0.25);
  for (const auto method : {StartMethod::forkserver, StartMethod::spawn, StartMethod::fork}) {
    if (method == StartMethod::fork && (support::address_sanitizer || !threads_after_fork))
      continue;
    CAPTURE(static_cast<int>(method));
    ProcessPoolExecutor pool({.max_workers = 2, .start_method = method});
    for (int i = 0; i < 4; ++i) {
      const Seen seen = pool.submit<look>(values).result();
      CHECK(seen.sum == 0.25 * mebi);
      CHECK(seen.in_place);
    }
  }
}

TEST_CASE("large arguments: several, of all kinds, beside small ones in one batch") {
  ProcessPoolExecutor pool(2);
  std::vector<Future<double>> futures;
  for (std::size_t i = 0; i < 40; ++i) {
    const std::size_t size = i % 2 == 0 ? 10 : 300'000 + i;
    futures.push_back(pool.submit<add>(std::vector<double>(size, 1.0), std::string(size, 't'),
                                       std::vector<int>(size, 2)));
  }
  for (std::size_t i = 0; i < 40; ++i) {
    const std::size_t size = i % 2 == 0 ? 10 : 300'000 + i;
    CHECK(futures[i].result() == 4.0 * static_cast<double>(size));
  }
}

TEST_CASE("large arguments: of a map, in chunks and one by one") {
  ProcessPoolExecutor pool(2);
  std::vector<std::vector<double>> inputs;
  for (std::size_t i = 0; i < 12; ++i) inputs.emplace_back(50'000 * (i % 4), 1.0);
  for (const std::size_t chunk : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
    CAPTURE(chunk);
    std::size_t at = 0;
    for (const Seen& seen : pool.map<look>(MapOptions{.chunksize = chunk}, inputs)) {
      CHECK(seen.sum == static_cast<double>(inputs[at++].size()));
    }
    CHECK(at == inputs.size());
  }
}

TEST_CASE("large arguments: a further attempt finds them as the first did") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  const std::vector<double> values(mebi, 0.5);
  const auto patient = pool.with({.retry = {.max_attempts = 2}});
  CHECK(patient.submit<sum_at_second>(journal.path(), values).result() == 0.5 * mebi);
  CHECK(journal.lines().size() == 2);
}

TEST_CASE("large arguments: of tasks that are done or cancelled nothing stays") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  const std::string large(32 * mebi, 'x');
  const auto length = [](std::string_view text) { return text.size(); };
  CHECK(pool.submit(length, large).result() == large.size());
  auto hold = pool.submit<pass>(gate.path());
  const std::size_t before = resident_bytes();
  for (int i = 0; i < 20; ++i) {
    auto future = pool.submit(length, large);
    CHECK(future.cancel());
  }
  gate.open();
  hold.result();
  for (int i = 0; i < 20; ++i) CHECK(pool.submit(length, large).result() == large.size());
  CHECK(resident_bytes() < before + 3 * large.size());
}
