// SPDX-License-Identifier: MIT
// attempt_maker.cpp - the job file's words become the library's.
#include "attempt_maker.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include "msgpack_json.hpp"
#include "units.hpp"

namespace procfarm::cli {
namespace {

constexpr std::size_t kept_of_stderr = 4096;
constexpr std::size_t kept_of_too_much = 1'000'000;

/// The word as one types it for a shell.
std::string shell_word(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string text = "'";
  for (const char character : word) text += character == '\'' ? "'\\''" : std::string(1, character);
  return text + "'";
}

std::string one_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

/// What one would type to have the same run. A shell line that data belong to gets them as the
/// arguments that they are, and $0 is what it is in the run.
std::string command_line_of(const Resolved& resolved) {
  if (resolved.kind != ActionKind::shell) return one_line(resolved.argv);
  if (resolved.parameters.empty()) return resolved.shell;
  std::vector<std::string> words{"sh", "-c", resolved.shell, "procfarm"};
  words.insert(words.end(), resolved.parameters.begin(), resolved.parameters.end());
  return one_line(words);
}

std::optional<FileTarget> file_of(const std::optional<ResolvedOutput>& wanted, int attempt) {
  if (!wanted || wanted->kind != TargetKind::file) return std::nullopt;
  return FileTarget(wanted->path, attempt);
}

/// The library's target for one stream; a file is first written under another name.
Output output_of(const std::optional<FileTarget>& file, bool kept) {
  if (file) return {.kind = Output::Kind::file, .path = file->temporary()};
  return {.kind = kept ? Output::Kind::capture : Output::Kind::none};
}

bool is_kept(const std::optional<ResolvedOutput>& wanted) {
  return !wanted || wanted->kind != TargetKind::none;
}

bool is_shown(const std::optional<ResolvedOutput>& wanted) {
  return wanted && wanted->kind == TargetKind::show;
}

/// 0 on the command line takes the limits away.
std::optional<Duration> limit_of(const TaskSpec& task, const RunOptions& options) {
  if (!options.timeout) return task.timeout;
  return *options.timeout == Duration::zero() ? std::nullopt : options.timeout;
}

Command command_of(const AttemptInput& input, Resolved&& resolved, const RunOptions& options,
                   const PreparedAttempt& attempt) {
  const TaskSpec& task = input.task;
  Command command{.argv = std::move(resolved.argv),
                  .shell = std::move(resolved.shell),
                  .shell_arguments = std::move(resolved.parameters),
                  .env_clear = resolved.env_clear,
                  .cwd = std::move(resolved.cwd)};
  auto& env = command.env;  // ours come last and in order
  for (auto& [name, value] : resolved.env) {
    env.insert_or_assign(env.end(), std::move(name), std::move(value));
  }
  if (resolved.input == InputKind::text) command.stdin_text = std::move(resolved.input_content);
  if (resolved.input == InputKind::file) command.stdin_file = std::move(resolved.input_content);
  command.out = output_of(attempt.out_file, attempt.keeps_out);
  command.err = output_of(attempt.err_file, attempt.keeps_err);
  command.timeout = limit_of(task, options);
  if (task.grace) command.grace = *task.grace;
  command.memory = task.memory;
  return command;
}

CallLaunch call_of(const AttemptInput& input, const Resolved& resolved, const RunOptions& options) {
  Value arguments = Value::array();
  for (Value& value : arrange_arguments(input.task, input.instance, resolved, *input.signature)) {
    arguments.push_back(std::move(value));
  }
  CallLaunch call{.module = resolved.module,
                  .function = resolved.function,
                  .arguments = msgpack_of_json(arguments),
                  .cwd = resolved.cwd,
                  .env_clear = resolved.env_clear,
                  .memory = input.task.memory,
                  .timeout = limit_of(input.task, options)};
  for (const auto& [name, value] : resolved.env) call.env[name] = value;
  if (resolved.input == InputKind::text) call.stdin_text = resolved.input_content;
  if (resolved.input == InputKind::file) call.stdin_file = resolved.input_content;
  if (input.task.grace) call.grace = *input.task.grace;
  return call;
}

/// Gives the file its name. What a function printed has come with its result and is written now.
void publish(std::optional<FileTarget>& file, std::string& printed, bool is_call) {
  if (!file) return;
  if (is_call) {
    write_file(file->temporary(), std::exchange(printed, {}));
  } else {
    file->check_written();
  }
  file->publish();
}

}  // namespace

PreparedAttempt prepare_attempt(const AttemptInput& input, const RunOptions& options) {
  if (!input.instance.row.error.empty()) throw JobError({}, input.instance.row.error);
  Resolved resolved = resolve(input.job, input.task, input.instance, input.context);
  PreparedAttempt attempt;
  if (input.hasher != nullptr) {
    attempt.hash = input.hasher->hash(input.instance, resolved, input.context);
  }
  if (is_up_to_date(input.task.skip_if, resolved)) {
    attempt.up_to_date = true;
    return attempt;
  }
  attempt.outputs = resolved.outputs;
  attempt.print_out = is_shown(resolved.standard_output);
  attempt.print_err = is_shown(resolved.standard_error);
  attempt.keeps_out = is_kept(resolved.standard_output);
  attempt.keeps_err = is_kept(resolved.standard_error);
  const int number = input.context.attempt.value_or(1);
  attempt.out_file = file_of(resolved.standard_output, number);
  attempt.err_file = file_of(resolved.standard_error, number);
  const AttemptKey key{.instance = input.key, .attempt = number};
  const std::string name = instance_name(input.task, input.instance.index);
  if (resolved.kind == ActionKind::function) {
    CallLaunch call = call_of(input, resolved, options);
    attempt.command = input.task.action.module + "." + resolved.function;
    call.key = key;
    call.name = name;
    call.priority = input.task.priority;
    attempt.launch = std::move(call);
  } else {
    attempt.command = command_line_of(resolved);
    attempt.launch =
        CommandLaunch{.key = key,
                      .command = command_of(input, std::move(resolved), options, attempt),
                      .ok_exit = input.task.ok_exit,
                      .name = name,
                      .priority = input.task.priority};
  }
  return attempt;
}

void conclude_attempt(AttemptReport& report, PreparedAttempt& attempt) {
  if (!attempt.keeps_out) report.record.stdout_bytes.clear();
  if (!attempt.keeps_err && report.record.outcome == AttemptOutcome::passed) {
    report.record.stderr_bytes.clear();
  }
  if (report.record.outcome != AttemptOutcome::passed) {
    // Its file goes with the attempt; what it says of the failure is worth keeping.
    if (attempt.err_file && report.record.stderr_bytes.empty()) {
      report.record.stderr_bytes = file_tail(attempt.err_file->temporary(), kept_of_stderr);
    }
    return;
  }
  const bool printed_here = std::holds_alternative<CallLaunch>(attempt.launch);
  try {  // what the system refuses here is this instance's failure
    publish(attempt.out_file, report.record.stdout_bytes, printed_here);
    publish(attempt.err_file, report.record.stderr_bytes, printed_here);
  } catch (const std::system_error& error) {
    make_failure(report, output_write_cause, error.what());
    return;
  }
  if (const auto missing = first_missing(attempt.outputs)) {
    make_failure(report, "outputs", "outputs missing: " + *missing);
  }
}

void fit_into_database(AttemptReport& report, std::size_t most) {
  AttemptFinished& record = report.record;
  const std::size_t result = record.result ? record.result->size() : 0;
  const std::size_t size = record.stdout_bytes.size() + record.stderr_bytes.size() + result;
  if (size <= most) return;
  for (std::string* stream : {&record.stdout_bytes, &record.stderr_bytes}) {
    stream->resize(std::min(stream->size(), kept_of_too_much));
    stream->shrink_to_fit();
  }
  if (record.outcome != AttemptOutcome::passed) return;
  make_failure(report, output_write_cause,
               fmt::format("its output and result are {}, more than the run database can hold of "
                           "one attempt: have it written to a file",
                           format_size(size)));
}

}  // namespace procfarm::cli
