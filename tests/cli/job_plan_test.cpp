// SPDX-License-Identifier: MIT
// job_plan_test.cpp - what a person and a program are shown of a job that is not run.
#include "coordinator/cli/job_plan.hpp"

#include <doctest/doctest.h>

#include "cli/job_support.hpp"

namespace procfarm::cli {
namespace {

const std::string text = R"([[task]]
name = "pack"
matrix = { level = [1, 9] }
command = ["gzip", "-{{level}}", "a b"]
stdout = "out/{{level}}"
[[task]]
name = "report"
needs = ["pack"]
shell = "echo {{run}}"
)";

std::string shown(bool (*plan)(const Job&, const PlanSink&, const PlanFilter&),
                  const PlanFilter& filter = {}) {
  std::string all;
  CHECK(plan(
      job_of(text), [&all](std::string_view line) { all += line; }, filter));
  return all;
}

TEST_CASE("the plan shows every instance as resolved, and leaves open what only the run knows") {
  CHECK(shown(plan_text) ==
        "pack x 2\n"
        "  pack[0]  gzip -1 'a b' > /nowhere/out/1\n"
        "  pack[1]  gzip -9 'a b' > /nowhere/out/9\n"
        "report  after pack\n"
        "  report  sh -c 'echo \"${1}\"' procfarm {{run}}\n");
}

TEST_CASE("the plan as JSON has one object for each instance that is asked for") {
  const auto only_second = [](const TaskSpec&, std::uint64_t index) { return index == 1; };
  const Value line = Value::parse(shown(plan_json, only_second));
  CHECK(line["name"] == "pack[1]");
  CHECK(line["values"]["level"] == 9);
  CHECK(line["command"] == Value({"gzip", "-9", "a b"}));
  CHECK(line["stdout"] == "/nowhere/out/9");
  CHECK(line["cwd"] == "/nowhere");
}

}  // namespace
}  // namespace procfarm::cli
