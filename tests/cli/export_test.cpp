// SPDX-License-Identifier: MIT
// export_test.cpp - what other programs are given of a run: each format from the same attempts.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "coordinator/cli/show_export.hpp"
#include "run_fixture.hpp"

namespace procfarm::cli {
namespace {

using namespace std::chrono_literals;

std::string exported_from(const RunBench& bench, ExportFormat format) {
  const Captured out;
  const Captured err;
  const int exit_code = show_export(
      {.base = bench.base.path(), .format = format, .out = out.file(), .err = err.file()});
  CHECK(exit_code == 0);
  CHECK(err.text().empty());
  return out.text();
}

/// Two workers, one of which dies and is replaced; a retry, a failure, an instance that is skipped,
/// a task that is skipped as a whole, and an attempt that runs.
struct ExportBench : RunBench {
  std::unique_ptr<RunWriter> writer = write();

  ExportBench() {
    writer->record(task_named(0, "pack", R"({"command": ["gzip", "-{{level}}"]})"));
    writer->record(task_named(1, "digest", R"({"function": "text.digest", "repeated": false})"));
    writer->record(task_named(2, "report", R"({"shell": "cat all"})"));
    AttemptFinished first = failed(0, 0);
    first.settled = false;
    first.stderr_bytes = "no \x01 luck\n";
    first.stdout_bytes = "12345";
    add(first, 901, 0s, 1s);
    add(passed(0, 0, 2), 901, 2s, 3s);
    AttemptFinished lost = failed(0, 1);
    lost.cause = "worker-lost";
    lost.exit_code.reset();
    lost.signal = 11;
    lost.label = "level=\"1,5\"";
    add(lost, 902, 1s, 2s);
    add(passed(0, 2), 903, 4s, 6s);  // the worker after 902
    AttemptFinished result = passed(1, 0);
    result.label.clear();
    result.result = std::string("\x92\x01\xa3", 3) + "a,b";
    result.cpu_time = 250ms;
    result.peak_memory = 4096;
    add(result, 901, 4s, 5s);
    AttemptFinished skipped = passed(2, 0);
    skipped.key.attempt = 0;
    skipped.worker_pid = 0;
    skipped.outcome = AttemptOutcome::skipped;
    skipped.cause = "needs";
    skipped.instances = 3;
    skipped.label.clear();
    writer->record(skipped);
    AttemptStarted running = started(0, 3);
    running.worker_pid = 901;
    running.started = noon + 7s;
    writer->record(running);
    writer->flush();
  }

  void add(AttemptFinished attempt, int worker, Duration from, Duration to) const {
    attempt.worker_pid = worker;
    attempt.started = noon + from;
    attempt.finished = noon + to;
    writer->record(attempt);
  }

  std::string exported(ExportFormat format) const { return exported_from(*this, format); }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Name, phase, row, begin and length of each event of a trace that is no heading.
std::vector<std::string> slices_of(const std::string& text) {
  const auto trace = nlohmann::json::parse(text);
  std::vector<std::string> slices;
  for (const auto& event : trace["traceEvents"]) {
    if (event["ph"] == "M") continue;
    slices.push_back(event["name"].get<std::string>() + " " + event["ph"].get<std::string>() + " " +
                     event["tid"].dump() + " " + event["ts"].dump() + " " +
                     (event.contains("dur") ? event["dur"].dump() : "-"));
  }
  return slices;
}

TEST_CASE("export: a job log has parallel's columns, in the order of the ends") {
  const auto lines = lines_of(ExportBench().exported(ExportFormat::joblog));
  REQUIRE(lines.size() == 6);
  CHECK(lines[0] == "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand");
  CHECK(lines[1] == "1\t:\t1773230400.000\t1.000\t0\t5\t2\t0\tgzip -{{level}} # level=9");
  CHECK(lines[2] == "2\t:\t1773230401.000\t1.000\t0\t0\t-1\t11\tgzip -{{level}} # level=\"1,5\"");
  CHECK(lines[3] == "1\t:\t1773230402.000\t1.000\t0\t0\t0\t0\tgzip -{{level}} # level=9");
  CHECK(lines[4] == "11\t:\t1773230404.000\t1.000\t0\t0\t0\t0\ttext.digest");
}

TEST_CASE("export: csv has a line for each attempt, cells quoted where they must be") {
  const auto lines = lines_of(ExportBench().exported(ExportFormat::csv));
  REQUIRE(lines.size() == 8);
  CHECK(lines[0] ==
        "task,index,name,attempt,outcome,settled,cause,exit_code,signal,started,finished,seconds,"
        "cpu_seconds,peak_memory,worker_pid,error_type,error_message,label,hash,instances,result");
  CHECK(lines[1] ==
        "pack,0,pack[0],1,failed,false,exit,2,,2026-03-11T12:00:00.000000Z,"
        "2026-03-11T12:00:01.000000Z,1.0,0.0,0,901,,,level=9,68617368,1,");
  CHECK(lines[3].find("pack,1,pack[1],1,failed,true,worker-lost,,11,") == 0);
  CHECK(lines[3].find(",\"level=\"\"1,5\"\"\",") != std::string::npos);
  CHECK(lines[5].find("pack,3,pack[3],1,running,false,,,,2026-03-11T12:00:07.000000Z,,,,,901,") ==
        0);
  CHECK(lines[6].find("digest,0,digest,1,passed,true,,,,") == 0);
  CHECK(lines[6].find(",1.0,0.25,4096,901,,,,68617368,1,\"[1,\"\"a,b\"\"]\"") != std::string::npos);
  CHECK(lines[7].find("report,0,report[0],0,skipped,true,needs,,,,,,,,,,,,") == 0);
}

TEST_CASE("export: JSON Lines have the same members as csv, results as values") {
  const ExportBench bench;
  const auto lines = lines_of(bench.exported(ExportFormat::jsonl));
  REQUIRE(lines.size() == 7);
  const auto digest = nlohmann::ordered_json::parse(lines[5]);
  CHECK(digest["result"] == nlohmann::json::parse(R"([1, "a,b"])"));
  CHECK(digest["label"] == nullptr);
  CHECK(digest["seconds"] == 1.0);
  std::string names;
  for (const auto& [name, value] : digest.items()) names += (names.empty() ? "" : ",") + name;
  CHECK(names == lines_of(bench.exported(ExportFormat::csv))[0]);
  const auto skipped = nlohmann::json::parse(lines[6]);
  CHECK(skipped["outcome"] == "skipped");
  CHECK(skipped["instances"] == 3);
  CHECK(skipped["started"] == nullptr);
}

TEST_CASE("export: JUnit has a suite for each task, with what failed before and in the end") {
  pugi::xml_document document;
  REQUIRE(document.load_string(ExportBench().exported(ExportFormat::junit).c_str()));
  const pugi::xml_node suites = document.child("testsuites");
  CHECK(std::string(suites.attribute("name").value()) == "corpus");
  CHECK(suites.attribute("tests").as_int() == 6);
  CHECK(suites.attribute("failures").as_int() == 0);
  CHECK(suites.attribute("errors").as_int() == 1);
  CHECK(suites.attribute("skipped").as_int() == 2);
  const pugi::xml_node pack = suites.find_child_by_attribute("testsuite", "name", "pack");
  CHECK(pack.attribute("tests").as_int() == 4);
  CHECK(std::string(pack.attribute("time").value()) == "4.000");
  std::vector<pugi::xml_node> cases(pack.begin(), pack.end());
  REQUIRE(cases.size() == 4);
  CHECK(std::string(cases[0].attribute("name").value()) == "pack[0] (level=9)");
  CHECK(std::string(cases[0].attribute("classname").value()) == "corpus.pack");
  CHECK(std::string(cases[0].child("flakyFailure").attribute("message").value()) == "exit code 2");
  CHECK(std::string(cases[0].child("flakyFailure").text().get()) == "no \\x01 luck\n");
  CHECK(std::string(cases[1].child("error").attribute("type").value()) == "worker-lost");
  CHECK(std::string(cases[1].child("error").attribute("message").value()) == "killed by SIGSEGV");
  CHECK(std::string(cases[3].child("skipped").attribute("message").value()) == "running");
}

TEST_CASE("export: JUnit says why a task was skipped by what it waited for, if that is known") {
  struct Example {
    const char* definition;
    std::string why;
  };
  const Example examples[] = {
      {R"({"when": "success"})", "what it needs did not succeed"},
      {R"({"when": "failure"})", "nothing that it needs has failed"},
      {R"({"shell": "cat all"})", "what it needs did not end as it waits for"},
  };
  for (const Example& example : examples) {
    ExportBench bench;
    bench.writer->record(task_named(2, "report", example.definition));
    bench.writer->flush();
    pugi::xml_document document;
    REQUIRE(document.load_string(bench.exported(ExportFormat::junit).c_str()));
    const pugi::xml_node skipped =
        document.select_node("//testsuite[@name='report']/testcase/skipped").node();
    CHECK(std::string(skipped.attribute("message").value()) == example.why + " (3 instances)");
  }
}

TEST_CASE("export: in a trace each worker has a row, and its successor the same one") {
  const std::string text = ExportBench().exported(ExportFormat::trace);
  const auto trace = nlohmann::json::parse(text);
  CHECK(trace["otherData"]["job"] == "corpus");
  std::vector<std::string> rows;
  for (const auto& event : trace["traceEvents"]) {
    CHECK(event["pid"] == 1);
    if (event["ph"] == "M") rows.push_back(event["args"]["name"].get<std::string>());
  }
  CHECK(rows == std::vector<std::string>{"box", "worker 1", "worker 2"});
  CHECK(slices_of(text) ==
        std::vector<std::string>{"pack[0] X 1 0 1000000", "pack[1] X 2 1000000 1000000",
                                 "pack[0] X 1 2000000 1000000", "pack[2] X 2 4000000 2000000",
                                 "digest X 1 4000000 1000000", "pack[3] B 1 7000000 -"});
}

TEST_CASE("export: an attempt that nobody saw end has no length, and its worker's row is its own") {
  const RunBench bench;
  auto writer = bench.write();
  writer->record(task_named(0, "pack", R"({"command": ["sleep", "1"]})"));
  for (const int index : {0, 1}) {  // the tool died under both
    AttemptFinished interrupted = failed(0, static_cast<std::uint64_t>(index));
    interrupted.settled = false;
    interrupted.cause = "interrupted";
    interrupted.exit_code.reset();
    interrupted.worker_pid = 901 + index;
    interrupted.finished = {};
    writer->record(interrupted);
  }
  AttemptFinished again = passed(0, 0, 2);
  again.worker_pid = 903;
  again.started = noon + 5s;
  again.finished = noon + 6s;
  writer->record(again);
  writer->flush();

  const auto row =
      nlohmann::json::parse(lines_of(exported_from(bench, ExportFormat::jsonl)).front());
  CHECK(row["started"] == "2026-03-11T12:00:00.000000Z");
  for (const char* unknown : {"finished", "seconds", "cpu_seconds", "peak_memory"}) {
    CHECK(row[unknown] == nullptr);
  }
  const auto log = lines_of(exported_from(bench, ExportFormat::joblog));
  REQUIRE(log.size() == 4);
  CHECK(log[1].find("\t:\t1773230400.000\t0.000\t") != std::string::npos);
  CHECK(slices_of(exported_from(bench, ExportFormat::trace)) ==
        std::vector<std::string>{"pack[0] B 1 0 -", "pack[1] B 2 0 -",
                                 "pack[0] X 3 5000000 1000000"});
}

TEST_CASE("export: what an interrupted run was running is an error in JUnit") {
  ExportBench bench;
  bench.writer.reset();  // without an end
  pugi::xml_document document;
  REQUIRE(document.load_string(bench.exported(ExportFormat::junit).c_str()));
  const pugi::xml_node error =
      document.select_node("//testcase[@name='pack[3] (level=9)']/error").node();
  CHECK(std::string(error.attribute("type").value()) == "interrupted");
}

TEST_CASE("export: a file gets its name when all is in it, or not at all") {
  const ExportBench bench;
  const Captured out;
  const Captured err;
  ShowOptions options{.base = bench.base.path(),
                      .format = ExportFormat::csv,
                      .output = bench.base / "run.csv",
                      .out = out.file(),
                      .err = err.file()};
  CHECK(show_export(options) == 0);
  CHECK(out.text().empty());
  CHECK(contents_of(options.output) == bench.exported(ExportFormat::csv));

  options.output = "/dev/full";
  CHECK(show_export(options) == 4);
  CHECK(err.text() == "procfarm: cannot write /dev/full: No space left on device\n");
  const Captured other;
  options.err = other.file();
  options.output = "/proc/none/run.csv";
  CHECK(show_export(options) == 4);
  CHECK(other.text().find("/proc/none") != std::string::npos);
}

}  // namespace
}  // namespace procfarm::cli
