// SPDX-License-Identifier: MIT
// job_toml_test.cpp - job files in TOML: what each key becomes, and the line that is said about
// each mistake.
#include "coordinator/cli/job_toml.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "cli/job_support.hpp"
#include "cli/scratch_directory.hpp"

namespace procfarm::cli {
namespace {

using namespace std::chrono_literals;

const std::string plain_task = "[[task]]\nname = \"a\"\ncommand = [\"x\"]\n";

TEST_CASE("every key of a task becomes its typed value") {
  const Job job = job_of(R"(name = "corpus"
[[task]]
name = "pack"
matrix = { tool = ["gzip", "xz"], level = [1, 6] }
exclude = [{ tool = "xz", level = 6 }]
command = ["{{tool}}", "-{{level}}"]
needs = ["tar", { task = "list", match = "same" }]
when = "always"
retries = { count = 2, delay = "1s", backoff = 3, on = ["timeout", "worker-lost", "exit:75", "signal"] }
timeout = "1m 30s"
grace = 0
ok_exit = [0, 3]
env = { Z = "1", A = "2" }
env_clear = true
cwd = "work"
stdin = { file = "in" }
stdout = "out/{{index}}"
stderr = "none"
outputs = ["out/{{index}}"]
inputs = ["x"]
skip_if = "up-to-date"
cpus = 2
memory = "4GiB"
pool = "disk"
priority = -3
tags = ["nightly"]
)");
  CHECK(job.name == "corpus");
  REQUIRE(job.tasks.size() == 1);
  const TaskSpec& task = job.tasks[0];
  CHECK(task.matrix->combinations.size() == 3);
  CHECK(json_text(task.matrix->combinations[1]) == R"({"tool":"gzip","level":6})");
  CHECK(task.action.command.size() == 2);
  CHECK(task.needs[0].match == Match::all);
  CHECK(task.needs[1].task == "list");
  CHECK(task.needs[1].match == Match::same);
  CHECK(task.when == When::always);
  CHECK(task.retries->count == 2);
  CHECK(task.retries->delay == 1s);
  CHECK(task.retries->backoff == 3.0);
  CHECK(task.retries->on == std::vector<RetryRule>{{FailureKind::timeout, {}},
                                                   {FailureKind::worker_lost, {}},
                                                   {FailureKind::exit, 75},
                                                   {FailureKind::signal, {}}});
  CHECK(task.timeout == 90s);
  CHECK(task.grace == 0s);
  CHECK(task.ok_exit == std::vector<int>{0, 3});
  CHECK(task.env[0].first == "Z");
  CHECK(task.env[1].second.source() == "2");
  CHECK(task.env_clear);
  CHECK(task.input.kind == InputKind::file);
  CHECK(task.standard_output->path.source() == "out/{{index}}");
  CHECK(task.standard_error->kind == TargetKind::none);
  CHECK(task.skip_if == SkipIf::up_to_date);
  CHECK(task.cpus == 2);
  CHECK(task.memory == std::uint64_t{4} << 30U);
  CHECK(task.pool == "disk");
  CHECK(task.priority == -3);
  CHECK(task.tags == std::vector<std::string>{"nightly"});
  CHECK(to_string(task.position_of("pool")) == "job.toml:24:8");
}

TEST_CASE("an empty file is a job without tasks, named after the file") {
  const Job job = job_of("");
  CHECK(job.tasks.empty());
  CHECK(job.name == "job");
}

TEST_CASE("a task's own value wins over the defaults, variable by variable in env") {
  const Job job = job_of(R"([defaults]
shell = "true"
timeout = "30s"
env = { A = "1", B = "2" }
[[task]]
name = "own"
command = ["x"]
timeout = "5s"
env = { B = "3" }
[[task]]
name = "default"
)");
  CHECK(job.tasks[0].action.kind == ActionKind::command);
  CHECK(job.tasks[0].timeout == 5s);
  REQUIRE(job.tasks[0].env.size() == 2);
  CHECK(job.tasks[0].env[0].second.source() == "1");
  CHECK(job.tasks[0].env[1].second.source() == "3");
  CHECK(job.tasks[1].action.kind == ActionKind::shell);
  CHECK(job.tasks[1].timeout == 30s);
  CHECK(to_string(job.tasks[1].position_of("timeout")) == "job.toml:3:11");
}

TEST_CASE("include without a matrix lists the combinations themselves") {
  const Job job = job_of(plain_task + "include = [{ os = \"a\", n = 1 }, { os = \"b\", n = 2 }]");
  const TaskSpec& task = job.tasks[0];
  REQUIRE(task.matrix);
  CHECK(json_text(task.matrix->combinations) == R"([{"os":"a","n":1},{"os":"b","n":2}])");
  CHECK(task.matrix->names == std::vector<std::string>{"os", "n"});
  const Job other =
      job_of("[defaults]\nforeach = { range = [0, 9] }\n" + plain_task + "include = [{ n = 1 }]");
  CHECK(other.tasks[0].matrix->combinations.size() == 1);
  CHECK_FALSE(other.tasks[0].data);
}

TEST_CASE("each mistake in a file is one line with its place") {
  struct Mistake {
    std::string text, line;
  };
  const Mistake mistakes[] = {
      {plain_task + "timout = \"3s\"",
       "job.toml:4:1: unknown key 'timout' in [[task]] 'a' (did you mean 'timeout'?)"},
      {plain_task + "timeout = 30",
       "job.toml:4:11: 'timeout': expected a duration such as \"30s\", got integer 30"},
      {plain_task + "timeout = \"3 parsecs\"",
       "job.toml:4:11: 'timeout': \"3 parsecs\" has the unknown unit 'parsecs': a duration is "
       "written like \"1h 30m\", \"1.5s\" or \"250ms\", with the units d h m s ms us ns"},
      {plain_task + "timeout = \"0s\"",
       "job.toml:4:11: 'timeout': expected a duration greater than 0, got text \"0s\""},
      {plain_task + plain_task, "job.toml:5:8: task 'a' is defined twice (first at job.toml:1:1)"},
      {"[[task]]\nname = \"a/b\"\ncommand = [\"x\"]",
       "job.toml:2:8: 'a/b' is no name for a task (letters, digits, '_', '.' and '-', at most 200, "
       "not beginning with '.' or '-')"},
      {"[[task]]\ncommand = [\"x\"]",
       "job.toml:1:1: a [[task]] without a name (write name = \"...\")"},
      {"[[task]]\nnmae = \"a\"\ncommand = [\"x\"]",
       "job.toml:2:1: unknown key 'nmae' in [[task]] (did you mean 'name'?)"},
      {"[[task]]\ncomand = [\"x\"]\nname = \"a/b\"",
       "job.toml:2:1: unknown key 'comand' in [[task]] (did you mean 'command'?)"},
      {"[[task]]\nname = \"a\"",
       "job.toml:1:1: task 'a' does nothing (exactly one of command, shell and function)"},
      {plain_task + "shell = \"x\"",
       "job.toml:4:1: task 'a' has both command and shell (exactly one of command, shell and "
       "function)"},
      {"[[task]]\nname = \"a\"\nshell = \"\"", "job.toml:3:9: 'shell': is empty"},
      {plain_task + "foreach = { values = [1, { worker = 7 }] }",
       "job.toml:4:28: 'worker' is always there and cannot be a variable's name"},
      {plain_task + "args = [1]", "job.toml:4:8: 'args' without 'function' in task 'a'"},
      {plain_task + "exclude = [{ a = 1 }]",
       "job.toml:4:11: 'exclude' without 'matrix' in task 'a'"},
      {plain_task + "foreach = { range = [0, 9] }\ninclude = [{ a = 1 }]",
       "job.toml:5:11: task 'a' has both foreach and include (use one of them)"},
      {plain_task + "include = [{}]",
       "job.toml:4:11: 'matrix': each entry of include must be a table with members"},
      {plain_task + "cpus = 0",
       "job.toml:4:8: 'cpus': expected an integer from 1 to 1000000, got integer 0"},
      {plain_task + "retries = { count = 1, on = [\"tiemout\"] }",
       "job.toml:4:30: 'retries.on': expected one of \"exit\", \"signal\", \"timeout\", "
       "\"memory\", "
       "\"worker-lost\", \"exception\", \"exit:N\", \"signal:N\", got text \"tiemout\" (did you "
       "mean "
       "'timeout'?)"},
      {plain_task + "env = { N = 4 }",
       "job.toml:4:13: 'env.N': expected text, got integer 4 (write \"4\")"},
      {plain_task + "env = { PROCFARM_RUN = \"x\" }",
       "job.toml:4:9: 'env': 'PROCFARM_RUN' is reserved, as all that begins with PROCFARM_"},
      {plain_task + "foreach = { lines = \"a\", glob = \"b\" }",
       "job.toml:4:26: 'foreach': both 'lines' and 'glob' (one source for each task)"},
      {plain_task + "foreach = { range = [0, 9, 0] }", "job.toml:4:28: 'foreach.range': step is 0"},
      {plain_task + "foreach = { range = [0, 9], as = \"index\" }",
       "job.toml:4:34: 'index' is always there and cannot be a variable's name"},
      {plain_task + "stdin = 1979-05-27",
       "job.toml:4:9: 'stdin': expected text or { file = \"path\" }, got a date or time"},
      {"[slurm]\npartition = \"x\"",
       "job.toml:1:2: [slurm] is not supported yet (remove it: the job runs on this machine)"},
      {"[defaults]\nname = \"x\"",
       "job.toml:2:1: 'name' cannot have a default: every task has its own"},
      {"[pool]\ndisk = 1", "job.toml:1:2: unknown key 'pool' in the job (did you mean 'pools'?)"},
      {"[pools]\ndisk = \"1\"", "job.toml:2:8: 'pools.disk': expected an integer, got text \"1\""},
      {"[task]\nname = \"a\"",
       "job.toml:1:1: 'task': expected tables that begin with [[task]], in two brackets, got a "
       "table"},
      {"a = \"\xff\"", "job.toml:1:6: byte 0xff is no valid UTF-8"},
      {std::string("a = 1\nb = \"\0\"", 13), "job.toml:2:6: the job file has a NUL byte here"},
      {plain_task + "cwd = \"{{a\"",
       "job.toml:4:8: '{{' is not closed (a literal '{{' is written {{\"{{\"}})"},
  };
  for (const Mistake& mistake : mistakes) CHECK(reading_error(mistake.text) == mistake.line);
}

TEST_CASE("a key by the name that other tools have for it is answered with ours") {
  const auto advice_for = [](const std::string& line) {
    const std::string error = reading_error("[[task]]\nname = \"a\"\nshell = \"x\"\n" + line);
    const std::size_t begin = error.find('(');
    return begin == std::string::npos ? "" : error.substr(begin);
  };
  CHECK(advice_for("cmd = 1") == "(did you mean 'command'?)");
  CHECK(advice_for("depends_on = 1") == "(did you mean 'needs'?)");
  CHECK(advice_for("workdir = 1") == "(did you mean 'cwd'?)");
  CHECK(advice_for("max_retries = 1") == "(did you mean 'retries'?)");
  CHECK(advice_for("retries = { cnt = 1 }") == "(did you mean 'count'?)");
  CHECK(advice_for("cnt = 1").empty());  // is no key of a task
}

TEST_CASE("where no key is near, all are listed if they are few") {
  CHECK(reading_error(plain_task + "retries = { zzz = 1 }") ==
        "job.toml:4:13: unknown key 'zzz' in 'retries' (valid: count, delay, backoff, max_delay, "
        "on)");
  CHECK(reading_error("zzz = 1") ==
        "job.toml:1:1: unknown key 'zzz' in the job (valid: name, defaults, modules, pools, task)");
  CHECK(reading_error(plain_task + "zzz = 1") == "job.toml:4:1: unknown key 'zzz' in [[task]] 'a'");
}

TEST_CASE("a syntax error is told with its place") {
  CHECK(reading_error("a = 1\na = 2").rfind("job.toml:2:5: ", 0) == 0);
}

TEST_CASE("a placeholder in a text of several lines has its own line and column") {
  const Job job = job_of("[[task]]\nname = \"a\"\nshell = '''\necho \\\n  {{line}}'''\n");
  const Position& position = job.tasks[0].action.shell.references()[0].position;
  CHECK(to_string(position) == "job.toml:5:3");
}

TEST_CASE("a file that cannot be read is named") {
  const ScratchDirectory directory;
  const auto error = [](const std::string& path) {
    return error_of([&path] { read_job_toml(path); });
  };
  const std::string missing = directory / "none.toml";
  CHECK(error(missing) == missing + ": cannot open the job file: No such file or directory");
  CHECK(error(directory.path()) == directory.path() + ": cannot read the job file: Is a directory");
}

TEST_CASE("relative paths are taken from the job file's directory") {
  const ScratchDirectory directory;
  const Job job = read_job_toml(directory.write("sub/build.toml", plain_task));
  CHECK(job.name == "build");
  CHECK(job.absolute("./out//x") == directory / "sub/out/x");
  CHECK(job.absolute("/etc/x") == "/etc/x");
}

}  // namespace
}  // namespace procfarm::cli
