// SPDX-License-Identifier: MIT
// run_session.cpp - reading waits for the writer, so that what a task has left is always found.
#include "run_session.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include <procfarm/version.hpp>

#include "msgpack_json.hpp"
#include "run_resume.hpp"
#include "skip_reason.hpp"
#include "work_hash.hpp"

namespace procfarm::cli {
namespace {

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string kind_word(ActionKind kind) {
  switch (kind) {
    case ActionKind::command: return "command";
    case ActionKind::shell: return "shell";
    case ActionKind::function: return "function";
  }
  return {};
}

/// The process's own words, as they were typed.
std::string command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!line.empty() && line.back() == '\0') line.pop_back();
  for (char& character : line) {
    if (character == '\0') character = ' ';
  }
  return line;
}

RunDescription describe(const Job& job, const std::string& id, int jobs) {
  return {.id = id,
          .name = job.name,
          .job_file = job_path(job),
          .job_text = job.text,
          .job_hash = job.text.empty() ? std::string() : hash_hex(job.text),
          .command_line = command_line(),
          .version = PROCFARM_VERSION,
          .host = host_name(),
          .pid = ::getpid(),
          .workers = jobs,
          .started = std::chrono::system_clock::now()};
}

/// The definition for readers of the database: what they select by and explain with.
std::string definition_of(const TaskSpec& task) {
  Value definition{{"name", task.name}, {"tags", task.tags}, {"repeated", task.is_repeated()}};
  Value needs = Value::array();
  for (const Need& need : task.needs) needs.push_back(need.task);
  definition["needs"] = std::move(needs);
  definition["when"] = when_word(task.when);
  if (task.action.kind == ActionKind::shell) definition["shell"] = task.action.shell.source();
  if (task.action.kind == ActionKind::function) {
    definition["function"] = task.action.module + "." + task.action.function;
  }
  if (task.action.kind == ActionKind::command) {
    Value words = Value::array();
    for (const Template& word : task.action.command) words.push_back(word.source());
    definition["command"] = std::move(words);
  }
  return json_text(definition);
}

}  // namespace

RunSession::RunSession(const Job& job, const Options& options, int jobs, EventQueue& events)
    : job_(job) {
  if (!options.running.database) return;
  const std::filesystem::path base = options.directory.empty() ? "." : options.directory;
  directory_ = create_run_directory(std::filesystem::absolute(base).lexically_normal(),
                                    std::chrono::system_clock::now());
  id_ = directory_.id();
  try {
    writer_ =
        RunWriter::create(directory_, describe(job, id_, jobs), writer_options(options, events));
    notes_ = std::make_unique<RunNotes>(directory_);
  } catch (...) {  // there is no run: its directory is ours to remove
    writer_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_.path, ignored);
    throw;
  }
}

RunSession::RunSession(const Job& job, const Options& options, int jobs, EventQueue& events,
                       const RunDirectory& resumed)
    : job_(job), directory_(resumed), id_(resumed.id()) {
  writer_ =
      RunWriter::reopen(directory_, describe(job, id_, jobs), writer_options(options, events));
  notes_ = std::make_unique<RunNotes>(directory_);
  forget_results_files();
}

RunSession::RunSession(const Job& job, const RunDirectory& looked_at)
    : job_(job), directory_(looked_at), id_(looked_at.id()) {
  try {
    const RunLock lock(directory_);
    RunStore::recover(directory_);
  } catch (const RunError&) {  // it can be looked at all the same
  } catch (const SQLite::Exception&) {
  }
  reader_ = std::make_unique<RunReader>(directory_);
}

RunWriterOptions RunSession::writer_options(const Options& options, EventQueue& events) {
  return {.durable = options.running.durability == DurabilityLevel::full,
          .committed = [&events](std::uint64_t sequence) { events.committed(sequence); },
          .failed = [&events](const std::string& text) { events.database_failed(text); }};
}

/// They may be of tasks that run again.
void RunSession::forget_results_files() {
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(directory_.path, ignored), end;
       !ignored && entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("results-")) std::filesystem::remove(entry->path(), ignored);
  }
}

RunSession::~RunSession() = default;

std::optional<std::string> RunSession::note() const {
  return writer_ ? writer_->note() : std::nullopt;
}

std::uint64_t RunSession::record(RunRecord&& record) {
  if (!writer_) return 0;
  unflushed_ = true;
  const bool moves =
      std::holds_alternative<ShelvedRows>(record) || std::holds_alternative<RestoredRows>(record);
  const std::uint64_t sequence = writer_->record(std::move(record));
  if (moves) notes_->rows_move(sequence);
  return sequence;
}

void RunSession::record_task(std::uint32_t number, const TaskSpec& task,
                             std::optional<std::uint64_t> instances) {
  if (!writer_) return;
  record(TaskDescription{.task = number,
                         .name = task.name,
                         .kind = kind_word(task.action.kind),
                         .definition = definition_of(task),
                         .instances = instances});
}

bool RunSession::flush() {
  if (!writer_) return true;
  unflushed_ = false;
  return writer_->flush();
}

void RunSession::begun(const AttemptStarted& attempt) {
  if (notes_) notes_->begun(attempt);
}

/// What cannot be noted is committed at once.
std::uint64_t RunSession::ended(AttemptFinished&& end) {
  if (!writer_) return 0;
  const AttemptKey key = end.key;
  const bool noted = notes_->ended(end);
  const std::uint64_t sequence = record(std::move(end));
  notes_->handed_over(key, sequence);
  if (!noted) writer_->hurry();
  return sequence;
}

void RunSession::never_began(const AttemptKey& key) {
  if (notes_) notes_->never_began(key);
}

void RunSession::committed(std::uint64_t sequence) {
  if (notes_) notes_->committed(sequence);
}

void RunSession::finish() {
  if (notes_) notes_->finish();
}

EarlierWork RunSession::earlier_work() {
  EarlierWork earlier;
  reader()->visit_instances([&earlier](const EarlierInstance& each) { earlier.add(each); });
  earlier.complete();
  return earlier;
}

std::vector<RecordedAttempt> RunSession::attempts(InstanceKey instance) {
  RunReader* from = reader();
  return from == nullptr ? std::vector<RecordedAttempt>() : from->attempts(instance);
}

RunReader* RunSession::reader() const {
  if (!writer_) return reader_.get();
  if (std::exchange(unflushed_, false)) writer_->flush();
  if (!reader_) {
    reader_ = std::make_unique<RunReader>(directory_, RunReader::BesideWriter{});
  }
  return reader_.get();
}

RunSelection RunSession::only(const std::string& task, std::uint64_t index) const {
  const TaskSpec* spec = job_.find(task);
  const std::uint64_t wanted = spec != nullptr && !spec->is_repeated() ? 0 : index;
  return {.task = task, .first = wanted, .last = wanted};
}

void RunSession::reload_output(ShownAttempt& attempt) {
  RunReader* from = reader();
  if (from == nullptr) return;
  RunSelection selection = only(attempt.task, attempt.key.instance.index);
  selection.attempt = attempt.key.attempt;
  from->visit_outputs(selection, [&attempt](const RecordedAttempt& recorded) {
    if (attempt.out) attempt.out = recorded.attempt.stdout_bytes;
    if (attempt.err) attempt.err = recorded.attempt.stderr_bytes;
  });
}

std::optional<Value> RunSession::result(const std::string& task, std::uint64_t index) const {
  std::optional<Value> value;
  RunReader* from = reader();
  if (from == nullptr) return value;
  from->visit_results(only(task, index), [&value](const RecordedResult& recorded) {
    value = json_of_msgpack(recorded.msgpack);
  });
  return value;
}

std::optional<Value> RunSession::stdout_text(const std::string& task, std::uint64_t index) const {
  std::optional<Value> value;
  RunReader* from = reader();
  if (from == nullptr) return value;
  from->visit_outputs(only(task, index), [&value](const RecordedAttempt& recorded) {
    const AttemptOutcome outcome = recorded.attempt.outcome;
    const bool has_ended = outcome == AttemptOutcome::passed || outcome == AttemptOutcome::failed;
    if (has_ended) value = recorded.attempt.stdout_bytes;
  });
  return value;
}

std::string RunSession::why_absent(const std::string& task, std::uint64_t index) const {
  std::string why = OtherTasks::why_absent(task, index);
  RunReader* from = reader();
  if (from == nullptr) return why;
  from->visit_outputs(only(task, index), [&](const RecordedAttempt& recorded) {
    if (recorded.attempt.cause != "up-to-date") return;
    why = "but " + recorded.instance_name() + " was up to date (skip_if) and has not run";
  });
  return why;
}

std::optional<Value> RunSession::results(const std::string& task) const {
  const auto known = whole_results_.find(task);
  if (known != whole_results_.end()) return known->second;
  RunReader* from = reader();
  if (from == nullptr) return std::nullopt;
  Value values = Value::array();
  from->visit_results({.task = task}, [&values](const RecordedResult& recorded) {
    values.push_back(json_of_msgpack(recorded.msgpack));
  });
  return whole_results_.emplace(task, std::move(values)).first->second;
}

std::optional<Value> RunSession::results_file(const std::string& task) const {
  RunReader* from = reader();
  if (from == nullptr) return std::nullopt;
  const std::filesystem::path path = directory_.path / ("results-" + task + ".jsonl");
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    std::ofstream file(path, std::ios::binary);
    from->visit_results({.task = task}, [&file](const RecordedResult& recorded) {
      file << json_text(json_of_msgpack(recorded.msgpack)) << '\n';
    });
    file.close();
    if (!file) throw std::system_error(EIO, std::generic_category(), path.string());
  }
  return Value(path.string());
}

}  // namespace procfarm::cli
