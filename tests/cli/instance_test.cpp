// SPDX-License-Identifier: MIT
// instance_test.cpp - the instances of a task, and what each of them does.
#include "coordinator/cli/instance.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "cli/job_support.hpp"
#include "cli/scratch_directory.hpp"
#include "coordinator/cli/work_hash.hpp"

namespace procfarm::cli {
namespace {

const std::string header = "[[task]]\nname = \"a\"\n";

/// The only task's instance of this index, resolved in a run.
Resolved resolved(const Job& job, std::size_t index = 0) {
  ResolveContext context;
  context.run = "r1";
  context.rundir = "/runs/r1";
  context.attempt = 2;
  context.worker = 3;
  return resolve(job, job.tasks[0], instances_of(job, job.tasks[0]).at(index), context);
}

std::string resolving_error(const std::string& lines, const std::string& value) {
  const Job job =
      job_of(header + "command = [\"x\"]\nforeach = { values = [\"" + value + "\"] }\n" + lines);
  return error_of([&job] { resolved(job); });
}

std::string own_variable(const Resolved& work, const std::string& name) {
  const auto found = std::find_if(work.env.begin(), work.env.end(),
                                  [&name](const auto& each) { return each.first == name; });
  return found == work.env.end() ? "(not set)" : found->second;
}

/// Answers as if every task had three instances.
class ThreeOfEach : public OtherTasks {
 public:
  std::optional<Value> result(const std::string&, std::uint64_t index) const override {
    return Value(index * 10);
  }
  std::optional<Value> stdout_text(const std::string&, std::uint64_t) const override {
    return std::nullopt;
  }
  std::optional<Value> results(const std::string&) const override { return Value({0, 10, 20}); }
  std::optional<Value> results_file(const std::string&) const override { return "/tmp/all"; }
};

TEST_CASE("a task that is not repeated has one instance") {
  const Job job = job_of(header + "command = [\"x\"]");
  const auto instances = instances_of(job, job.tasks[0]);
  REQUIRE(instances.size() == 1);
  CHECK(instance_name(job.tasks[0], 0) == "a");
  CHECK(InstanceStream(job, job.tasks[0]).count() == 1);
}

TEST_CASE("rows are numbered from 0, labelled, and limited") {
  const Job job = job_of(header +
                         "command = [\"{{value}}\"]\n"
                         "foreach = { range = [10, 90, 10], skip = 2, limit = 3 }");
  const auto instances = instances_of(job, job.tasks[0]);
  REQUIRE(instances.size() == 3);
  CHECK(instances[2].index == 2);
  CHECK(instances[2].label == "50");
  CHECK(instance_name(job.tasks[0], 2) == "a[2]");
  CHECK(InstanceStream(job, job.tasks[0]).count() == 3);
}

TEST_CASE("data is counted before only if a placeholder asks for it") {
  const ScratchDirectory directory;
  directory.write("l.txt", "x\ny\n");
  const std::string data = "foreach = { lines = \"l.txt\" }\n";
  const Job lazy = job_of(header + "command = [\"x\"]\n" + data, directory.path());
  CHECK_FALSE(InstanceStream(lazy, lazy.tasks[0]).count().has_value());
  const Job counting = job_of(header + "command = [\"{{count}}\"]\n" + data, directory.path());
  InstanceStream stream(counting, counting.tasks[0]);
  CHECK(stream.count() == 2);
  CHECK(stream.next()->label == "x");
}

TEST_CASE("labels have no control characters and an end") {
  const Job job = job_of(header + "command = [\"x\"]\nforeach = { values = [\"a\\nb\", \"" +
                         std::string(100, 'x') + "\"] }");
  const auto instances = instances_of(job, job.tasks[0]);
  CHECK(instances[0].label == "a\\nb");
  CHECK(instances[1].label == std::string(60, 'x') + "...");
}

TEST_CASE("a bad row fails its instance, those after it are there") {
  const ScratchDirectory directory;
  directory.write("d.csv", "id,n\n1,2\n3\n4,5\n");
  const Job job =
      job_of(header + "command = [\"{{id}}\"]\nforeach = { csv = \"d.csv\" }", directory.path());
  const auto instances = instances_of(job, job.tasks[0]);
  REQUIRE(instances.size() == 3);
  CHECK(error_of([&] { resolved(job, 1); }) == instances[1].row.error);
  CHECK(resolved(job, 2).argv == std::vector<std::string>{"4"});
}

TEST_CASE("arguments of a command are one word each, whatever they contain") {
  const Job job = job_of(header +
                         "command = [\"{{value}}\", \"{{task}}-{{attempt:03d}}\"]\n"
                         "foreach = { values = [\"a b'$(x);\\n-\"] }");
  CHECK(resolved(job).argv == std::vector<std::string>{"a b'$(x);\n-", "a-002"});
}

TEST_CASE("values in a shell line become its parameters") {
  const Job job = job_of(header + "shell = \"echo {{value}}\"\nforeach = { values = [\"$(x)\"] }");
  const Resolved work = resolved(job);
  CHECK(work.parameters == std::vector<std::string>{"$(x)"});
  CHECK(work.shell.find("$(x)") == std::string::npos);
}

TEST_CASE("a whole placeholder keeps its type in args, and nested ones are filled in") {
  const Job job = job_of(header +
                         "function = \"m.f\"\nforeach = { values = [5] }\n"
                         "args = [\"{{value}}\", \"n={{value}}\", { a = [\"{{value}}\", 1.5] }]\n"
                         "[modules]\nm = \"lib/m.so\"");
  const Resolved work = resolved(job);
  CHECK(work.module == "/nowhere/lib/m.so");
  REQUIRE(work.arguments.size() == 3);
  CHECK(work.arguments[0].second == 5);
  CHECK(work.arguments[1].second == "n=5");
  CHECK(json_text(work.arguments[2].second) == R"({"a":[5,1.5]})");
  CHECK_FALSE(work.parse_text);
}

TEST_CASE("results of other tasks arrive as value, list or file") {
  const Job job = job_of(header +
                         "function = \"m.f\"\nforeach = { range = [0, 2] }\n"
                         "args = [\"{{b.result}}\", \"{{b.results}}\", \"in {{b.results}}\"]\n"
                         "env = { TEXT = \"{{task}}\" }");
  const ThreeOfEach others;
  ResolveContext context;
  context.others = &others;
  const auto instances = instances_of(job, job.tasks[0]);
  const Resolved work = resolve(job, job.tasks[0], instances[1], context);
  CHECK(work.arguments[0].second == 10);
  CHECK(work.arguments[1].second == Value({0, 10, 20}));
  CHECK(work.arguments[2].second == "in /tmp/all");
}

TEST_CASE("what another task has not left is an error of the instance that needs it") {
  const Job job = job_of(header + "command = [\"{{b.stdout}}\"]");
  const ThreeOfEach others;
  ResolveContext context;
  context.others = &others;
  CHECK(error_of([&] { resolve(job, job.tasks[0], Instance(), context); }) ==
        "job.toml:1:1: a needs 'b.stdout', which is not there");
}

TEST_CASE("a task's environment has its own variables and tells where it is") {
  const Resolved work =
      resolved(job_of(header + "command = [\"x\"]\ncpus = 3\n"
                               "env = { A = \"{{worker}}\", OMP_NUM_THREADS = \"1\" }"));
  CHECK(own_variable(work, "A") == "3");
  CHECK(own_variable(work, "OMP_NUM_THREADS") == "1");
  CHECK(own_variable(work, "OPENBLAS_NUM_THREADS") == "3");
  CHECK(own_variable(work, "PROCFARM_RUN") == "r1");
  CHECK(own_variable(work, "PROCFARM_TASK") == "a");
  CHECK(own_variable(work, "PROCFARM_INDEX") == "0");
  CHECK(own_variable(work, "PROCFARM_ATTEMPT") == "2");
}

TEST_CASE("paths are taken from the job's directory, written ones may be absolute") {
  const Resolved work =
      resolved(job_of(header + "command = [\"x\"]\ncwd = \"work\"\n"
                               "stdin = { file = \"in\" }\nstdout = \"../o/{{index}}\"\n"
                               "stderr = \"{{rundir}}/e\"\noutputs = [\"/abs/{{index}}\"]"));
  CHECK(work.cwd == "/nowhere/work");
  CHECK(work.input_content == "/nowhere/in");
  CHECK(work.standard_output->path == "/o/0");
  CHECK(work.standard_error->path == "/runs/r1/e");
  CHECK(work.outputs == std::vector<std::string>{"/abs/0"});
}

TEST_CASE("a value may not leave the directory that its path names") {
  const std::string end =
      " (a placeholder's value may not leave the directory that its text names)";
  CHECK(resolving_error("stdout = \"out/{{value}}\"", "../x") ==
        "job.toml:5:11: 'stdout': \"out/../x\" is not a path inside of \"out/\"" + end);
  CHECK(resolving_error("stdout = \"{{value}}\"", "/etc/x") ==
        "job.toml:5:11: 'stdout': \"/etc/x\" is not a path inside of the job's directory" + end);
  CHECK(resolving_error("outputs = [\"out/{{value}}\"]", "/etc/x") != "");
  CHECK(resolving_error("cwd = \"out/{{value}}\"", "a/../../x") != "");
  CHECK(resolving_error("stdout = \"out/{{value}}\"", "") != "");
  CHECK(resolving_error("stdout = \"{{rundir}}/{{value}}\"", "../x") != "");
  CHECK(resolving_error("stdout = \"out/{{value}}\"", "a/b..c") == "");
  CHECK(resolving_error("inputs = [\"{{value}}\"]", "/etc/x") == "");
  CHECK(resolving_error("cwd = \"out/{{value}}\"", ".") == "");
  CHECK(resolving_error("stdout = \"out/{{value}}\"", ".") != "");
}

TEST_CASE("a value that looks like a placeholder is only a name") {
  const Job job = job_of(header + R"(command = ["x"]
foreach = { values = ["{{rundir}}/foo"] }
stdout = "{{value}}"
)");
  CHECK(resolved(job).standard_output->path == "/nowhere/{{rundir}}/foo");
}

TEST_CASE("an empty shell line is an error of the instance") {
  const Job job = job_of(header + "shell = \"{{{value}}}\"\nforeach = { values = [\"\"] }");
  CHECK(error_of([&job] { resolved(job); }) == "job.toml:3:10: 'shell': the line is empty");
}

TEST_CASE("a NUL byte cannot be passed to a command") {
  CHECK(resolving_error("env = { A = \"{{value}}\" }", "a\\u0000b") ==
        "job.toml:5:14: 'env.A': the value has a NUL byte");
}

TEST_CASE("equal work has equal text, whatever run, attempt and place it has") {
  const auto text_of_instance = [](const std::string& lines, std::size_t index) {
    const Job job = job_of(header + lines);
    return work_text(resolve(job, job.tasks[0], instances_of(job, job.tasks[0]).at(index), {}));
  };
  const std::string command = "command = [\"x\", \"{{value}}\", \"{{run}} {{attempt:02d}}\"]\n";
  const std::string first = text_of_instance(command + "foreach = { values = [\"p\", \"q\"] }", 1);
  CHECK(first == text_of_instance(command + "foreach = { values = [\"q\"] }", 0));
  CHECK(first != text_of_instance(command + "foreach = { values = [\"p\"] }", 0));
  CHECK(first != text_of_instance(command + "foreach = { values = [\"q\"] }\ncwd = \"d\"", 0));
  CHECK(text_of_instance("command = [\"ab\", \"c\"]", 0) !=
        text_of_instance("command = [\"a\", \"bc\"]", 0));
}

}  // namespace
}  // namespace procfarm::cli
