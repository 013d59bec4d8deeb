// SPDX-License-Identifier: MIT
// map_chunk_test.cpp - items of a map that share a task: each one's result, error and loss is its
// own all the same, and nothing is run twice. `chunksize` makes them share it for certain.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <procfarm/errors.hpp>
#include <procfarm/this_task.hpp>

#include "farm.hpp"
#include "maps.hpp"

using namespace farm;

namespace {

int note_and(const std::string& journal, int value) {
  note(journal, std::to_string(value));
  return value;
}
int note_and_die_at_five(const std::string& journal, int value) {
  if (value == 5) ::kill(::getpid(), SIGKILL);
  return note_and(journal, value);
}
int note_and_abort_at_five(const std::string& journal, int value) {
  if (value == 5) std::abort();
  return note_and(journal, value);
}
int note_and_throw_at_five(const std::string& journal, int value) {
  if (value == 5) throw std::out_of_range("five");
  return note_and(journal, value);
}
/// The worker ends when the value of item 5 has been encoded and is destroyed.
struct Fuse {
  int value;
  ~Fuse() {
    if (value == 5 && this_task::in_worker()) ::_exit(7);
  }
};

}  // namespace

template <>
struct procfarm::codec<Fuse> {
  static void encode(Writer& writer, const Fuse& fuse) { codec<int>::encode(writer, fuse.value); }
  static Fuse decode(Reader& reader) { return Fuse{codec<int>::decode(reader)}; }
};

namespace {

Fuse light(const std::string& journal, int value) {
  note(journal, std::to_string(value));
  return Fuse{value};
}

/// Notes its process and waits until a second one has come.
void meet(const std::string& journal) {
  const std::string own = note(journal, std::to_string(::getpid()));
  const bool met = eventually([&] {
    std::ifstream file(journal);
    std::string line;
    while (std::getline(file, line))
      if (line != own) return true;
    return false;
  });
  if (!met) throw std::runtime_error("nobody else came");
}
/// Item `last` takes longer than a chunk may; those behind it meet.
int meet_behind(int last, const std::string& journal, int value) {
  if (value == last) ::usleep(40'000);
  if (value > last) meet(journal);
  return value;
}

/// What was noted must be each number below `count`, once.
void check_once_each(const Journal& journal, int count) {
  const std::vector<std::string> lines = journal.lines();
  CHECK(static_cast<int>(lines.size()) == count);
  CHECK(static_cast<int>(std::set<std::string>(lines.begin(), lines.end()).size()) == count);
}

/// Each number below `count` was noted, none twice. On a slow machine the chunk is divided before
/// its end, and items of another piece may run behind the one that failed.
void check_first_once(const Journal& journal, int count) {
  const std::vector<std::string> lines = journal.lines();
  const std::set<std::string> different(lines.begin(), lines.end());
  CHECK(lines.size() == different.size());
  for (int number = 0; number < count; ++number) CHECK(different.contains(std::to_string(number)));
  CHECK_FALSE(different.contains(std::to_string(count)));
}

}  // namespace

TEST_CASE("items of one chunk: all results, in order, each item run once") {
  Journal journal;
  ProcessPoolExecutor pool(2);
  const auto [values, error] = read(
      pool.map<note_and>(together, std::vector<std::string>(100, journal.path()), numbers(100)));
  CHECK(values == numbers(100));
  CHECK(error.empty());
  check_once_each(journal, 100);
  CHECK(pool.stats().done == 100);
  CHECK(pool.stats().pending == 0);
}

TEST_CASE(
    "an item of a chunk kills its worker: those before it are delivered, it is the one lost") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  const std::vector<std::string> journals(20, journal.path());
  const auto check_death = [&journal](auto results, const std::string& signal) {
    const auto [values, error] = read(std::move(results));
    CHECK(values == numbers(5));
    CHECK(holds(error, signal));
    check_first_once(journal, 5);
  };
  SUBCASE("by SIGKILL") {
    check_death(pool.map<note_and_die_at_five>(together, journals, numbers(20)), "SIGKILL");
  }
  SUBCASE("by abort") {
    check_death(pool.map<note_and_abort_at_five>(together, journals, numbers(20)), "SIGABRT");
  }
  CHECK(pool.submit<doubled>(4).result() == 8);
  CHECK(pool.stats().failed == 1);
  CHECK(eventually([&] {
    const PoolStats stats = pool.stats();
    return stats.pending == 0 && stats.done + stats.failed + stats.cancelled == 21;
  }));
  CHECK(pool.stats().done >= 6);
}

TEST_CASE("an item of a chunk throws: those before it are delivered, then its error") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto results = pool.map<note_and_throw_at_five>(
      together, std::vector<std::string>(20, journal.path()), numbers(20));
  std::vector<int> values;
  const auto read_all = [&] {
    for (const int value : results) values.push_back(value);
  };
  CHECK_THROWS_WITH_AS(read_all(), "five", std::out_of_range);
  CHECK(values == numbers(5));
  check_first_once(journal, 5);
}

TEST_CASE("a worker that ends after the value of an item is safe: the rest goes on elsewhere") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  std::vector<int> values;
  for (const Fuse& fuse :
       pool.map<light>(together, std::vector<std::string>(20, journal.path()), numbers(20))) {
    values.push_back(fuse.value);
  }
  CHECK(values == numbers(20));
  check_once_each(journal, 20);
  CHECK(pool.stats().done == 20);
  CHECK(pool.stats().failed == 0);
  CHECK(pool.stats().workers_lost == 1);
}

TEST_CASE("what is left behind a long item is shared with the other workers") {
  Journal journal;
  ProcessPoolExecutor pool(2);
  int last = 0;
  SUBCASE("the first one") { last = 0; }
  SUBCASE("one behind many short ones") { last = 15; }
  const auto [values, error] =
      read(pool.map<meet_behind>(together, std::vector<int>(20, last),
                                 std::vector<std::string>(20, journal.path()), numbers(20)));
  CHECK(values == numbers(20));
  CHECK(error.empty());
  CHECK(static_cast<int>(journal.lines().size()) == 19 - last);
}

TEST_CASE("large and empty results in one chunk") {
  ProcessPoolExecutor pool(1);
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 40; ++i)
    sizes.push_back(i % 4 == 0 ? 100'000 * i : i % 4 == 1 ? 0 : 9'000);
  std::size_t at = 0;
  for (const std::string& text : pool.map(
           together, [](std::size_t size) { return std::string(size, 'x'); }, sizes)) {
    CHECK(text.size() == sizes[at++]);
  }
  CHECK(at == sizes.size());
}

TEST_CASE("a chunk of a void function") {
  Journal journal;
  ProcessPoolExecutor pool(2);
  int count = 0;
  for (const std::monostate& nothing : pool.map(
           together, [](const std::string&path, int value) { note_and(path, value); },
           std::vector<std::string>(30, journal.path()), numbers(30))) {
    (void)nothing;
    ++count;
  }
  CHECK(count == 30);
  check_once_each(journal, 30);
}

TEST_CASE("what a chunk has not begun is cancelled with its range, while an item of it runs") {
  Gate gate;
  Journal journal;
  ProcessPoolExecutor pool(1);
  {
    auto results = pool.map<note_and_pass>(together, std::vector<std::string>(20, journal.path()),
                                           std::vector<std::string>(20, gate.path()), numbers(20));
    journal.await(1);
  }
  CHECK(pool.stats().cancelled == 19);
  CHECK(pool.stats().pending + pool.stats().running == 1);
  gate.open();
  pool.shutdown();
  CHECK(journal.lines().size() == 1);
  CHECK(pool.stats().done == 1);
}

TEST_CASE("each item of a chunk is a task of its own for this_task") {
  ProcessPoolExecutor pool(1);
  std::set<std::string> ids;
  for (const std::string& id : pool.map(
           together, [](int) { return this_task::id(); }, numbers(50))) {
    ids.insert(id);
  }
  CHECK(ids.size() == 50);
}

TEST_CASE("a map that is cancelled at shutdown ends with CancelledError, and runs nothing more") {
  Gate gate;
  Journal journal;
  ProcessPoolExecutor pool(1);
  auto results = pool.map<note_and_pass>(together, std::vector<std::string>(20, journal.path()),
                                         std::vector<std::string>(20, gate.path()), numbers(20));
  journal.await(1);
  const Future<int> behind = pool.submit<doubled>(1);
  pool.shutdown({.wait = false, .cancel_futures = true});
  CHECK(eventually([&] { return behind.cancelled(); }));
  gate.open();
  pool.shutdown();
  const auto [values, error] = read(std::move(results));
  CHECK(values.size() == 1);
  CHECK(journal.lines().size() == 1);
  CHECK(holds(error, "cancelled"));
}

TEST_CASE("many short items: right results with chunks that the farm chooses") {
  ProcessPoolExecutor pool(3);
  std::vector<std::uint64_t> inputs(200'000);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = i;
  std::uint64_t next = 0;
  for (const std::uint64_t value : pool.map([](std::uint64_t x) { return 3 * x; }, inputs)) {
    if (value != 3 * next) FAIL("item " << next << " is " << value);
    ++next;
  }
  CHECK(next == inputs.size());
  CHECK(pool.stats().done == inputs.size());
}
