// SPDX-License-Identifier: MIT
// map_inputs_test.cpp - what map() takes, whatever executor runs it: elements of maps, bits of a
// vector, options in braces; and that what was submitted is delivered when no more can be.
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <procfarm/procfarm.hpp>

#include "farm.hpp"
#include "maps.hpp"

using namespace farm;

namespace {

#define PROCFARM_EXECUTORS ProcessPoolExecutor, ThreadPoolExecutor, SerialExecutor

using Element = std::pair<const std::string, int>;

int number_of(const Element& element) { return element.second; }

/// Reads two results, calls `end`, and reads the others; the error's text last.
template <class Result, class End>
std::pair<std::vector<int>, std::string> read_on_after(Result results, End end) {
  std::vector<int> values;
  try {
    for (const int value : results) {
      values.push_back(value);
      if (values.size() == 2) end();
    }
  } catch (const ShutdownError& error) {
    return {values, error.what()};
  }
  return {values, ""};
}

}  // namespace

TEST_CASE_TEMPLATE("any executor: a map over the elements of a std::map", E, PROCFARM_EXECUTORS) {
  E executor(1);
  const std::map<std::string, int> inputs{{"one", 1}, {"two", 2}};
  CHECK(all_of(executor.template map<number_of>(inputs)) == std::vector<int>{1, 2});
  CHECK(all_of(executor.map([](const Element& element) { return element.second; }, inputs)) ==
        std::vector<int>{1, 2});
  CHECK(all_of(executor.map([](const auto& element) { return element.first; }, inputs)) ==
        std::vector<std::string>{"one", "two"});
  CHECK(executor.submit([](Element element) { return element; }, *inputs.begin()).result() ==
        *inputs.begin());
}

TEST_CASE_TEMPLATE("any executor: bits of a vector are what they were when they were handed over",
                   E, PROCFARM_EXECUTORS) {
  E executor(1);
  std::vector<bool> bits{true, false, true};
  auto one = executor.submit([](bool bit) { return bit; }, bits[0]);
  auto any = executor.submit([](auto bit) { return bit; }, bits[0]);
  static_assert(std::is_same_v<decltype(any), Future<bool>>);
  auto all = executor.map([](bool bit) { return bit; }, bits);
  auto kept = executor.map([](auto bit) { return bit; }, std::vector<bool>(bits));
  bits = {false, true, false};
  CHECK(one.result());
  CHECK(any.result());
  CHECK(all_of(std::move(all)) == std::vector<bool>{true, false, true});
  CHECK(all_of(std::move(kept)) == std::vector<bool>{true, false, true});
}

TEST_CASE_TEMPLATE("any executor: options of map may be given in braces", E, PROCFARM_EXECUTORS) {
  E executor(1);
  const auto twice = [](int value) { return 2 * value; };
  const std::vector<int> expected{0, 2, 4};
  const MapOptions options{.buffersize = 1};
  CHECK(all_of(executor.template map<doubled>({.chunksize = 2}, numbers(3))) == expected);
  CHECK(all_of(executor.map({.buffersize = 2}, twice, numbers(3))) == expected);
  CHECK(all_of(executor.template map<doubled>(options, numbers(3))) == expected);
  CHECK(all_of(executor.map(options, twice, numbers(3))) == expected);
  auto with = executor.with({});
  CHECK(all_of(with.template map<doubled>({.chunksize = 2}, numbers(3))) == expected);
  CHECK(all_of(with.map({.buffersize = 2}, twice, numbers(3))) == expected);
}

TEST_CASE_TEMPLATE("any executor: the longest time limit of a map is none", E, PROCFARM_EXECUTORS) {
  E executor(1);
  CHECK(all_of(executor.template map<doubled>(MapOptions{.timeout = Duration::max()},
                                              numbers(3))) == std::vector<int>{0, 2, 4});
}

TEST_CASE_TEMPLATE("any executor: a map that can submit no more delivers what it has submitted", E,
                   PROCFARM_EXECUTORS) {
  const std::pair refused(std::vector<int>{0, 2, 4, 6, 8, 10},
                          std::string("cannot schedule new futures after shutdown"));
  E executor(1);
  CHECK(read_on_after(executor.template map<doubled>(MapOptions{.buffersize = 4}, numbers(10)),
                      [&] { executor.shutdown(); }) == refused);
}

TEST_CASE_TEMPLATE("any executor: a map delivers what it has submitted after its executor's end", E,
                   PROCFARM_EXECUTORS) {
  std::optional<E> executor(std::in_place, 1);
  auto results = executor->template map<doubled>(MapOptions{.buffersize = 4}, numbers(10));
  executor.reset();
  const auto [values, error] = read(std::move(results));
  CHECK(values == std::vector<int>{0, 2, 4, 6});
  CHECK(error == "cannot schedule new futures after shutdown");
}
