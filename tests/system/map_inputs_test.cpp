// SPDX-License-Identifier: MIT
// map_inputs_test.cpp - what map() takes, whatever executor runs it: elements of maps, bits of a
// vector, options in braces.
#include <map>
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
