// SPDX-License-Identifier: MIT
// map_test.cpp - the results of a function over ranges, in the order of the inputs.
#include <fstream>
#include <list>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "farm.hpp"
#include "maps.hpp"

using namespace farm;

namespace {

int product(int left, int right) { return left * right; }
void take_in(const std::string& journal, int value) { note(journal, std::to_string(value)); }
int odd_ones_throw(int value) {
  if (value % 2 != 0) throw std::domain_error("odd: " + std::to_string(value));
  return value;
}
int pass_if(const std::string& gate, bool wait_for_it) { return wait_for_it ? pass(gate) : 0; }
int note_value(const std::string& journal, int value) {
  note(journal, std::to_string(value));
  return value;
}

/// 0, 1, 2, ...: never ends, or throws at `last`. Counts how far it was read.
class Counting {
 public:
  explicit Counting(int& read, int last = -1) : read_(&read), last_(last) {}
  class iterator {
   public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    iterator(int* read, int last) : read_(read), last_(last) {}
    int operator*() const {
      if (value_ == last_) throw std::runtime_error("the input is torn");
      *read_ = value_ + 1;
      return value_;
    }
    iterator& operator++() {
      ++value_;
      return *this;
    }
    void operator++(int) { ++value_; }
    bool operator==(std::default_sentinel_t) const { return false; }

   private:
    int* read_;
    int last_;
    int value_ = 0;
  };
  iterator begin() const { return {read_, last_}; }
  std::default_sentinel_t end() const { return {}; }

 private:
  int* read_;
  int last_;
};

/// Can be iterated once; its items can only be moved out.
struct Lines {
  std::istream* from;
  std::istream_iterator<std::string> begin() const {
    return std::istream_iterator<std::string>(*from);
  }
  std::istream_iterator<std::string> end() const { return {}; }
};

}  // namespace

TEST_CASE("results come in the order of the inputs") {
  ProcessPoolExecutor pool(2);
  std::vector<int> expected;
  for (int i = 0; i < 1000; ++i) expected.push_back(2 * i);
  CHECK(all_of(pool.map<doubled>(numbers(1000))) == expected);
}

TEST_CASE("a slow first item is waited for though the others are done") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  auto results = pool.map<pass_if>(std::vector<std::string>(5, gate.path()),
                                   std::vector<bool>{true, false, false, false, false});
  std::jthread opener([&] {
    eventually([&] { return pool.stats().done == 4; });
    gate.open();
  });
  const auto values = all_of(std::move(results));
  REQUIRE(values.size() == 5);
  CHECK(values[0] > 0);
  CHECK(values[4] == 0);
}

TEST_CASE("several ranges are walked together, as far as the shortest") {
  ProcessPoolExecutor pool(2);
  const std::list<int> left{1, 2, 3, 4, 5};
  CHECK(all_of(pool.map<product>(left, std::vector<int>{10, 20, 30})) ==
        std::vector<int>{10, 40, 90});
  CHECK(all_of(pool.map<product>(numbers(3), std::vector<int>{})).empty());
}

TEST_CASE("map takes lambdas, lvalues, rvalues and arrays") {
  ProcessPoolExecutor pool(1);
  const int array[] = {1, 2, 3};
  CHECK(all_of(pool.map([](int x) { return x + 1; }, array)) == std::vector<int>{2, 3, 4});
  CHECK(all_of(pool.map<doubled>(std::set<int>{5, 6})) == std::vector<int>{10, 12});
  CHECK(all_of(pool.map([](const std::string& a, int b) { return a + std::to_string(b); },
                        std::vector<std::string>{"a", "b"}, numbers(2))) ==
        std::vector<std::string>{"a0", "b1"});
  CHECK(all_of(pool.map(
            MapOptions{.buffersize = 1}, [](int x) { return x; }, numbers(3))) == numbers(3));
}

TEST_CASE("nothing to do gives an empty range, also after shutdown") {
  ProcessPoolExecutor pool(1);
  CHECK(all_of(pool.map<doubled>(std::vector<int>{})).empty());
  pool.shutdown();
  CHECK(all_of(pool.map<doubled>(std::vector<int>{})).empty());
  CHECK_THROWS_AS(pool.map<doubled>(numbers(1)), ShutdownError);
}

TEST_CASE("a map over a void function yields one monostate for each input") {
  Journal journal;
  ProcessPoolExecutor pool(1);
  const std::vector<std::string> paths(3, journal.path());
  std::vector<std::monostate> values = all_of(pool.map<take_in>(paths, numbers(3)));
  CHECK(values.size() == 3);
  CHECK(journal.lines() == std::vector<std::string>{"0", "1", "2"});
}

TEST_CASE("without buffersize everything is submitted at the call") {
  ProcessPoolExecutor pool(1);
  Journal journal;
  const std::vector<std::string> paths(10, journal.path());
  auto results = pool.map<note_value>(paths, numbers(10));
  CHECK(journal.await(10).size() == 10);
  CHECK(all_of(std::move(results)) == numbers(10));
}

TEST_CASE("with buffersize an endless input is read only so far ahead") {
  ProcessPoolExecutor pool(2);
  int read = 0;
  auto results = pool.map<doubled>(MapOptions{.buffersize = 4}, Counting(read));
  CHECK(read == 4);
  int expected = 0;
  for (const int value : results) {
    CHECK(value == 2 * expected);
    CHECK(read <= expected + 6);
    if (++expected == 50) break;
  }
  CHECK(expected == 50);
}

TEST_CASE("with buffersize a single-pass input is fine") {
  ProcessPoolExecutor pool(2);
  std::istringstream text("a b c d e");
  CHECK(all_of(pool.map(
            MapOptions{.buffersize = 2}, [](const std::string& line) { return line + line; },
            Lines{&text})) == std::vector<std::string>{"aa", "bb", "cc", "dd", "ee"});
}

TEST_CASE("a buffersize of zero is refused") {
  ProcessPoolExecutor pool(1);
  CHECK_THROWS_AS(pool.map<doubled>(MapOptions{.buffersize = 0}, numbers(3)),
                  std::invalid_argument);
}

TEST_CASE("chunksize changes nothing that can be seen") {
  ProcessPoolExecutor pool(2);
  for (const std::size_t chunksize : {1U, 7U, 1000U}) {
    CHECK(all_of(pool.map([](int x) { return x; }, numbers(100))) ==
          all_of(pool.map(
              MapOptions{.chunksize = chunksize}, [](int x) { return x; }, numbers(100))));
    std::vector<int> before;
    const auto read_all = [&] {
      for (const int value : pool.map<odd_ones_throw>(MapOptions{.chunksize = chunksize},
                                                      std::vector<int>{0, 2, 4, 5, 6, 8}))
        before.push_back(value);
    };
    CHECK_THROWS_WITH_AS(read_all(), "odd: 5", std::domain_error);
    CHECK(before == std::vector<int>{0, 2, 4});
  }
}

TEST_CASE("an input that throws ends the iteration with that, after what came before it") {
  ProcessPoolExecutor pool(1);
  int read = 0;
  for (const auto& options : {MapOptions{}, MapOptions{.buffersize = 3}}) {
    std::vector<int> before;
    const auto read_all = [&] {
      for (const int value : pool.map<doubled>(options, Counting(read, 5))) before.push_back(value);
    };
    CHECK_THROWS_WITH_AS(read_all(), "the input is torn", std::runtime_error);
    CHECK(before == std::vector<int>{0, 2, 4, 6, 8});
  }
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("the first error ends the iteration and cancels what has not begun") {
  Journal journal;
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto results = pool.map(
      [](const std::string& gate_path, const std::string& journal_path, int value) {
        if (value == 1) throw std::range_error("one");
        if (value == 2) note_and_pass(journal_path, gate_path, value);
        if (value > 2) note(journal_path, "not cancelled");
        return value;
      },
      std::vector<std::string>(50, gate.path()), std::vector<std::string>(50, journal.path()),
      numbers(50));
  journal.await(1);
  auto next = results.begin();
  CHECK(*next == 0);
  CHECK_THROWS_WITH_AS(++next, "one", std::range_error);
  CHECK(next == results.end());
  CHECK(eventually([&] { return pool.stats().cancelled == 47; }));
  gate.open();
  pool.shutdown();
  CHECK(journal.lines().size() == 1);
}

TEST_CASE("the time-out of map: done items are delivered, the first unfinished one throws") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto results =
      pool.map<pass_if>(MapOptions{.timeout = 50ms}, std::vector<std::string>(4, gate.path()),
                        std::vector<bool>{false, false, true, false});
  CHECK(eventually([&] { return pool.stats().done == 2; }));
  std::this_thread::sleep_for(60ms);  // what is tested is that the clock has run since the call
  auto next = results.begin();
  CHECK(*next == 0);
  ++next;
  CHECK(*next == 0);
  CHECK_THROWS_AS(++next, TimeoutError);
  gate.open();
}

TEST_CASE("destroying the range cancels what has not begun") {
  Gate gate;
  Journal journal;
  ProcessPoolExecutor pool(1);
  {
    auto results = pool.map(
        [](const std::string& journal_path, const std::string& gate_path) {
          note_and_pass(journal_path, gate_path, 1);
        },
        std::vector<std::string>(20, journal.path()), std::vector<std::string>(20, gate.path()));
    journal.await(1);
    auto moved = std::move(results);  // the one moved from cancels nothing
    CHECK(pool.stats().cancelled == 0);
  }
  CHECK(pool.stats().cancelled == 19);
  gate.open();
  pool.shutdown();
  CHECK(journal.lines().size() == 1);
}

TEST_CASE("a map outlives the shutdown of its executor: what was accepted is delivered") {
  ProcessPoolExecutor pool(1);
  auto results = pool.map<doubled>(numbers(20));
  pool.shutdown();
  CHECK(all_of(std::move(results)).size() == 20);
}

TEST_CASE("a map that reads ahead into a shutdown ends with ShutdownError, after what it has") {
  ProcessPoolExecutor pool(1);
  auto results = pool.map<doubled>(MapOptions{.buffersize = 2}, numbers(20));
  pool.shutdown();
  int delivered = 0;
  const auto read_all = [&] {
    for (const int value : results) {
      CHECK(value == 2 * delivered);
      ++delivered;
    }
  };
  CHECK_THROWS_AS(read_all(), ShutdownError);
}

TEST_CASE("map with the options of a task") {
  ProcessPoolExecutor pool(1);
  auto results = pool.with({.retry = {.max_attempts = 2}})
                     .map<note_value>(std::vector<std::string>(1, "/nowhere/at/all"), numbers(1));
  CHECK_THROWS_AS(results.begin(), std::runtime_error);
  CHECK(all_of(pool.with({.priority = 3}).map<doubled>(numbers(3))) == std::vector<int>{0, 2, 4});
}
