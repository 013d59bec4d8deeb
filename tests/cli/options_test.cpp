// SPDX-License-Identifier: MIT
// options_test.cpp - the command line as values, and usage errors that say what was meant.
#include "coordinator/cli/options.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

using namespace procfarm::cli;
using namespace std::chrono_literals;

namespace {

Options accept(std::vector<std::string> arguments) {
  const ParsedOptions parsed = parse_options(std::move(arguments));
  INFO(parsed.text);
  REQUIRE(parsed.options);
  return *parsed.options;
}

/// The text of a usage error.
std::string refuse(std::vector<std::string> arguments) {
  const ParsedOptions parsed = parse_options(std::move(arguments));
  REQUIRE_FALSE(parsed.options);
  CHECK(parsed.exit_code == 2);
  return parsed.text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("options: run with all that GNU parallel's users expect") {
  const Options options =
      accept({"run",       "job.toml",  "-j",    "8",      "-k",          "--tag",     "--joblog",
              "log",       "--results", "dir",   "--halt", "soon,fail=3", "--retries", "2",
              "--timeout", "1.5",       "--bar", "--eta",  "--json",      "--no-db"});
  CHECK(options.subcommand == Subcommand::run);
  CHECK(options.job == "job.toml");
  const RunOptions& run = options.running;
  CHECK(run.jobs == 8);
  CHECK(run.keep_order);
  CHECK(run.tag);
  CHECK(run.joblog == "log");
  CHECK(run.results == "dir");
  CHECK(run.halt == HaltPolicy{.threshold = 3});
  CHECK(run.retries == 2);
  CHECK(run.timeout == 1500ms);
  CHECK(run.bar);
  CHECK(run.eta);
  CHECK(run.json);
  CHECK_FALSE(run.database);
}

TEST_CASE("options: --resume takes a run or none, before the job or after it") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"run", "job.toml", "--resume"},
                                             {"run", "--resume", "job.toml"},
                                             {"run", "job.toml", "--resume", "-j", "2"}}) {
    const Options options = accept(arguments);
    CHECK(options.job == "job.toml");
    CHECK(options.running.resume == "");
  }
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"run", "job.toml", "--resume", "2026"},
                                             {"run", "--resume", "2026", "job.toml"},
                                             {"run", "--resume=2026", "job.toml", "--explain"}}) {
    const Options options = accept(arguments);
    CHECK(options.job == "job.toml");
    CHECK(options.running.resume == "2026");
  }
  CHECK_FALSE(accept({"run", "job.toml"}).running.resume);
  CHECK(accept({"run", "job.toml"}).running.crash_limit == 3);
  CHECK(accept({"each", "f", "--crash-limit", "7", "--", "c"}).running.crash_limit == 7);
  CHECK(has(refuse({"run", "job.toml", "--crash-limit", "0"}), "at least 1"));
  CHECK(has(refuse({"run", "job.toml", "--explain"}), "--explain needs --resume"));
  CHECK(has(refuse({"run", "job.toml", "--resume", "--no-db"}), "--no-db"));
  const Options rerun = accept({"rerun", "last", "--failed", "-j", "3"});
  CHECK(rerun.subcommand == Subcommand::rerun);
  CHECK(rerun.run == "last");
  CHECK(rerun.running.jobs == 3);
  CHECK(has(refuse({"rerun", "last"}), "--failed is missing"));
  CHECK(has(refuse({"rerun", "--failed"}), "RUN is missing"));
}

TEST_CASE("options: --only takes several selectors and may be repeated") {
  const Options options = accept({"run", "job.toml", "--only", "a", "b[3]", "--only", "tag:x"});
  CHECK(options.running.only == std::vector<std::string>{"a", "b[3]", "tag:x"});
}

TEST_CASE("options: a job that --only has swallowed is told with what to do") {
  CHECK(has(
      refuse({"run", "--only", "a", "job.toml"}),
      "JOB is missing: --only has taken 'job.toml'; write JOB before --only, or -- before JOB"));
  CHECK(has(refuse({"run", "--only", "a"}), "JOB is missing\n"));
  const Options options = accept({"run", "--only", "a", "b", "--", "job.toml"});
  CHECK(options.job == "job.toml");
  CHECK(options.running.only == std::vector<std::string>{"a", "b"});
}

TEST_CASE("options: what follows -- belongs to the command of each") {
  const Options options =
      accept({"each", "urls.txt", "-j", "8", "--", "curl", "-j", "--help", "--", "{{line}}"});
  CHECK(options.source == "urls.txt");
  CHECK(options.running.jobs == 8);
  CHECK(options.command == std::vector<std::string>{"curl", "-j", "--help", "--", "{{line}}"});
}

TEST_CASE("options: a file may be called like a subcommand") {
  for (const std::string name : {"run", "each", "status"}) {
    CHECK(accept({"each", name, "-j", "2", "--", "c"}).source == name);
    CHECK(accept({"run", name}).job == name);
  }
}

TEST_CASE("options: each reads standard input and takes a shell line") {
  const Options options = accept({"each", "-", "--shell", "gzip -k {{line}}"});
  CHECK(options.source == "-");
  CHECK(options.shell == "gzip -k {{line}}");
}

TEST_CASE("options: numbers of places are whole and greater than 0") {
  CHECK(has(refuse({"run", "j", "-j", "0"}), "must be greater than 0"));
  CHECK(has(refuse({"run", "j", "-j", "abc"}), "'abc' is not a number"));
  CHECK(has(refuse({"run", "j", "-j", "3x"}), "'3x' is not a number"));
  refuse({"run", "j", "-j", "-3"});
  refuse({"run", "j", "-j"});
}

TEST_CASE("options: a misspelt option is told with the nearest one and where help is") {
  const std::string text = refuse({"run", "job.toml", "--jbos", "4"});
  CHECK(has(text, "unknown option '--jbos'"));
  CHECK(has(text, "--jobs"));
  CHECK(has(text, "procfarm run --help"));
  CHECK(has(refuse({"rum", "job.toml"}), "'run'"));
}

TEST_CASE("options: what is missing or too much is named") {
  CHECK(has(refuse({"run"}), "JOB is missing"));
  CHECK(has(refuse({"each", "lines.txt"}), "command is missing"));
  CHECK(has(refuse({"each", "lines.txt", "--shell", "x", "--", "y"}), "not both"));
  CHECK(has(refuse({"run", "a.toml", "b.toml"}), "unexpected argument 'b.toml'"));
  CHECK(has(refuse({"logs"}), "RUN is missing"));
  CHECK(refuse({}).size() > 100);
}

TEST_CASE("options: help and version are no errors") {
  const ParsedOptions help = parse_options({"--help"});
  CHECK(help.exit_code == 0);
  CHECK(has(help.text, "each"));
  CHECK(has(parse_options({"run", "--help"}).text, "--keep-order"));
  const ParsedOptions version = parse_options({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(has(version.text, "procfarm "));
}

TEST_CASE("options: help and version are understood without their dashes, too") {
  CHECK(parse_options({"help"}).text == parse_options({"--help"}).text);
  CHECK(parse_options({"help", "run"}).text == parse_options({"run", "--help"}).text);
  CHECK(parse_options({"version"}).text == parse_options({"--version"}).text);
  for (const auto& arguments : {std::vector<std::string>{"help", "rum"}, {"rum", "--help"}}) {
    const ParsedOptions unknown = parse_options(arguments);
    CHECK(unknown.exit_code == 2);
    CHECK(has(unknown.text, "unknown command 'rum'; did you mean 'run'?"));
  }
}

TEST_CASE("options: --halt tells when and of what") {
  CHECK(parse_halt("now,fail=20%") ==
        HaltPolicy{.pace = HaltPolicy::Pace::now, .threshold = 20, .percent = true});
  CHECK(parse_halt("soon,success=1") == HaltPolicy{.counted = HaltPolicy::Counted::success});
  CHECK(parse_halt("soon,done=7") ==
        HaltPolicy{.counted = HaltPolicy::Counted::done, .threshold = 7});
  CHECK_FALSE(parse_halt("never"));
  for (const char* wrong : {"", "soon", "later,fail=1", "soon,fail", "soon,fail=0", "soon,fail=x",
                            "now,fail=101%", "soon,fail=1%%", "fail=1,soon"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(parse_halt(wrong), std::invalid_argument);
  }
}

TEST_CASE("options: words that are none of the known ones are refused") {
  CHECK(accept({"run", "j", "--color", "always"}).color == ColorMode::always);
  CHECK(has(refuse({"run", "j", "--color", "red"}), "auto, always, never"));
  CHECK(accept({"run", "j", "--durability", "full"}).running.durability == DurabilityLevel::full);
  CHECK(has(refuse({"run", "j", "--retries", "-1"}), "--retries"));
  CHECK(has(refuse({"run", "j", "--timeout", "soon"}), "--timeout"));
}

TEST_CASE("options: no time limit is 0") {
  CHECK(accept({"run", "j", "--timeout", "0"}).running.timeout == 0ms);
}
