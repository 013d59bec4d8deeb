// SPDX-License-Identifier: MIT
// job_jsonl_test.cpp - jobs as a stream of JSON Lines.
#include "coordinator/cli/job_jsonl.hpp"

#include <doctest/doctest.h>

#include "cli/job_support.hpp"
#include "cli/scratch_directory.hpp"

namespace procfarm::cli {
namespace {

/// What reading all of this text says, without the directory before the file's name.
std::string stream_error(const std::string& text) {
  const ScratchDirectory directory;
  JsonlJob job(directory.write("tasks.jsonl", text));
  const std::string error = error_of([&job] {
    while (job.next()) {
    }
  });
  const std::size_t name = error.find("tasks.jsonl");
  return name == std::string::npos ? error : error.substr(name);
}

TEST_CASE("tasks come one by one, blank lines are passed over, names are optional") {
  const ScratchDirectory directory;
  JsonlJob job(directory.write("tasks.jsonl",
                               "\xef\xbb\xbf{\"name\":\"a\",\"command\":[\"x\"]}\r\n\n"
                               "{\"shell\":\"true\",\"timeout\":\"5s\"}"));
  CHECK(job.next()->name == "a");
  const auto second = job.next();
  CHECK(second->name == "line3");
  CHECK(second->timeout == std::chrono::seconds(5));
  CHECK_FALSE(job.next().has_value());
}

TEST_CASE("a first line without a task says what all have in common") {
  const ScratchDirectory directory;
  JsonlJob job(directory.write("tasks.jsonl",
                               "{\"modules\":{\"text\":\"t.so\"},\"defaults\":{\"cpus\":2}}\n"
                               "{\"function\":\"text.f\",\"args\":[18446744073709551615,null]}\n"));
  const auto task = job.next();
  CHECK(job.job().modules.at("text").path == "t.so");
  CHECK(task->cpus == 2);
  CHECK(task->action.arguments[0].second.literal == 18446744073709551615ULL);
}

TEST_CASE("each mistake in a line is one line with its place") {
  const std::string good = "{\"command\":[\"x\"]}\n";
  CHECK(stream_error(good + "{\"name\":\"b\",\"comand\":[\"x\"]}") ==
        "tasks.jsonl:2:13: unknown key 'comand' in task 'b' (did you mean 'command'?)");
  CHECK(stream_error(good + "{\"command\":[\"x\"],\"timeout\":30}") ==
        "tasks.jsonl:2:28: 'timeout': expected a duration such as \"30s\", got integer 30");
  CHECK(stream_error("{\"command\":[\"x\"]") == "tasks.jsonl:1:17: the JSON ends too early");
  CHECK(stream_error("{\"command\":[\"x\"],}") ==
        "tasks.jsonl:1:18: not valid JSON here, near '\"x\"],}'");
  CHECK(stream_error("{\"shell\":\"x\",\"shell\":\"y\"}") ==
        "tasks.jsonl:1:14: the key 'shell' is there twice");
  CHECK(stream_error("[1]") == "tasks.jsonl:1:1: 'task': expected a table, got a list");
  CHECK(stream_error("{\"command\":[\"\\u00e4\\\"\",\"{{x\"]}") ==
        "tasks.jsonl:1:25: '{{' is not closed (a literal '{{' is written {{\"{{\"}})");
  CHECK(stream_error(std::string("{\"a\0", 4)) ==
        "tasks.jsonl:1:4: the job file has a NUL byte here");
  CHECK(stream_error(std::string(100'000, '[')) == "tasks.jsonl:1:65: nested too deeply");
}

TEST_CASE("after a bad line the stream has ended") {
  const ScratchDirectory directory;
  JsonlJob job(directory.write("tasks.jsonl", "{\n{\"command\":[\"x\"]}\n"));
  CHECK_THROWS_AS(job.next(), JobError);
  CHECK_FALSE(job.next().has_value());
}

TEST_CASE("JSON Lines are known by their name or come on standard input") {
  CHECK(is_jsonl_job("-"));
  CHECK(is_jsonl_job("a/tasks.jsonl"));
  CHECK_FALSE(is_jsonl_job("jobs.toml"));
}

}  // namespace
}  // namespace procfarm::cli
