// SPDX-License-Identifier: MIT
// export_junit.cpp - JUnit's XML, with the names of Maven Surefire for earlier attempts. Text is
// escaped as for a terminal first: XML 1.0 cannot hold control bytes, U+FFFE and U+FFFF at all.
#include <fmt/format.h>

#include <chrono>
#include <map>
#include <pugixml.hpp>
#include <string>

#include "diagnostic.hpp"
#include "export_formats.hpp"
#include "skip_reason.hpp"

namespace procfarm::cli {
namespace {

constexpr std::size_t kept_of_stderr = 4096;

class WriteTo : public pugi::xml_writer {
 public:
  explicit WriteTo(ShowOutput& out) : out_(out) {}
  void write(const void* data, std::size_t size) override {
    out_.put({static_cast<const char*>(data), size});
  }

 private:
  ShowOutput& out_;
};

struct Counts {
  std::uint64_t tests = 0;
  std::uint64_t failures = 0;
  std::uint64_t errors = 0;
  std::uint64_t skipped = 0;
  Duration time{};

  void operator+=(const Counts& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    time += other.time;
  }
};

void set(pugi::xml_node node, const char* name, const std::string& value) {
  pugi::xml_attribute attribute = node.attribute(name);
  if (!attribute) attribute = node.append_attribute(name);
  attribute.set_value(value.c_str());
}

std::string seconds(Duration duration) {
  return fmt::format("{:.3f}", std::chrono::duration<double>(duration).count());
}

void set_counts(pugi::xml_node node, const Counts& counts) {
  set(node, "tests", fmt::format("{}", counts.tests));
  set(node, "failures", fmt::format("{}", counts.failures));
  set(node, "errors", fmt::format("{}", counts.errors));
  set(node, "skipped", fmt::format("{}", counts.skipped));
  set(node, "time", seconds(counts.time));
}

/// What the task itself did wrong is a failure, what befell it is an error.
bool is_failure(const std::string& cause) {
  return cause == "exit" || cause == "exception" || cause == "outputs";
}

/// The document while the attempts come, those of an instance one after the other. Run and tasks
/// must outlive it.
class Report {
 public:
  Report(const RunSummary& summary, const std::vector<TaskDescription>& tasks);

  void add(const RecordedAttempt& read);
  void finish();
  void save(ShowOutput& out) const;

 private:
  struct Suite {
    const TaskDescription* task = nullptr;
    pugi::xml_node node{};
    Counts counts{};
  };

  pugi::xml_node make_case(const RecordedAttempt& read, Suite& suite);
  void settle(const RecordedAttempt& read, pugi::xml_node test, Suite& suite);
  void add_trouble(pugi::xml_node test, const char* name, const RecordedAttempt& read);

  const RunSummary& summary_;
  pugi::xml_document document_;
  pugi::xml_node root_;
  std::map<std::uint32_t, Suite> suites_;
  std::vector<RecordedAttempt> earlier_;  // attempts of the instance whose end is to come
};

Report::Report(const RunSummary& summary, const std::vector<TaskDescription>& tasks)
    : summary_(summary) {
  pugi::xml_node declaration = document_.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  root_ = document_.append_child("testsuites");
  set(root_, "name", escape_control(summary.run.name));
  set_counts(root_, {});
  for (const TaskDescription& task : tasks) {
    Suite& suite = suites_[task.task];
    suite.task = &task;
    suite.node = root_.append_child("testsuite");
    set(suite.node, "name", escape_control(task.name));
    set_counts(suite.node, {});
    set(suite.node, "timestamp", utc_time(summary.run.started));
    set(suite.node, "hostname", escape_control(summary.run.host));
  }
}

void Report::add(const RecordedAttempt& read) {
  if (!earlier_.empty() && !(earlier_.front().attempt.key.instance == read.attempt.key.instance)) {
    earlier_.clear();
  }
  const bool another_follows =
      !read.attempt.settled && read.attempt.outcome != AttemptOutcome::running;
  if (another_follows) {
    earlier_.push_back(read);
    return;
  }
  Suite& suite = suites_[read.attempt.key.instance.task];
  pugi::xml_node test = make_case(read, suite);
  settle(read, test, suite);
  const bool passed = read.attempt.outcome == AttemptOutcome::passed;
  for (const RecordedAttempt& each : earlier_) {
    add_trouble(test, passed ? "flakyFailure" : "rerunFailure", each);
  }
  earlier_.clear();
}

pugi::xml_node Report::make_case(const RecordedAttempt& read, Suite& suite) {
  pugi::xml_node test = suite.node.append_child("testcase");
  const std::string& label = read.attempt.label;
  const bool whole_task = read.attempt.instances != 1;
  const std::string name = whole_task ? escape_control(read.task) : read.instance_name();
  set(test, "name", label.empty() ? name : fmt::format("{} ({})", name, escape_control(label)));
  set(test, "classname", escape_control(summary_.run.name + "." + read.task));
  const Duration took = read.attempt.took().value_or(Duration::zero());
  set(test, "time", seconds(took));
  suite.counts.time += took;
  ++suite.counts.tests;
  return test;
}

void Report::settle(const RecordedAttempt& read, pugi::xml_node test, Suite& suite) {
  const AttemptFinished& attempt = read.attempt;
  Counts& counts = suite.counts;
  if (attempt.outcome == AttemptOutcome::passed) return;
  if (attempt.outcome == AttemptOutcome::failed) {
    const bool failure = is_failure(attempt.cause);
    ++(failure ? counts.failures : counts.errors);
    add_trouble(test, failure ? "failure" : "error", read);
    return;
  }
  if (attempt.outcome == AttemptOutcome::running && summary_.state == "interrupted") {
    ++counts.errors;
    add_trouble(test, "error", read);
    return;
  }
  ++counts.skipped;
  std::string why(skip_reason(attempt, *suite.task));
  if (attempt.instances != 1) why += fmt::format(" ({} instances)", attempt.instances);
  set(test.append_child("skipped"), "message", why);
}

void Report::add_trouble(pugi::xml_node test, const char* name, const RecordedAttempt& read) {
  const AttemptFinished& attempt = read.attempt;
  const bool lost = attempt.outcome == AttemptOutcome::running;
  pugi::xml_node trouble = test.append_child(name);
  set(trouble, "type", lost ? "interrupted" : escape_control(attempt.cause));
  set(trouble, "message", lost ? "running when the run died" : how_it_ended(attempt));
  if (!attempt.stderr_bytes.empty()) {
    trouble.text().set(printable_lines(attempt.stderr_bytes, "").c_str());
  }
}

void Report::finish() {
  Counts total;
  for (auto& [number, suite] : suites_) {
    set_counts(suite.node, suite.counts);
    total += suite.counts;
  }
  set_counts(root_, total);
}

void Report::save(ShowOutput& out) const {
  WriteTo writer(out);
  document_.save(writer, "  ", pugi::format_default, pugi::encoding_utf8);
}

}  // namespace

void export_junit(RunReader& run, const RunSummary& summary, ShowOutput& out) {
  const std::vector<TaskDescription> tasks = run.task_descriptions();
  Report report(summary, tasks);
  run.visit_attempts(AttemptOrder::by_instance, {.standard_error = kept_of_stderr},
                     [&report](const RecordedAttempt& read) { report.add(read); });
  report.finish();
  report.save(out);
}

}  // namespace procfarm::cli
