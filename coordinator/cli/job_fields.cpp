// SPDX-License-Identifier: MIT
// job_fields.cpp - what a task does, needs, reads and writes, and when it is tried again. What it
// is repeated over is in job_repetition.cpp.
#include "job_fields.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include <fmt/format.h>

namespace procfarm::cli {
namespace {

constexpr int most_retries = 1'000'000;

ArgumentTemplate read_argument(const Node& node) {
  ArgumentTemplate argument;
  argument.position = node.position;
  switch (node.kind) {
    case Node::Kind::text:
      argument.kind = ArgumentTemplate::Kind::text;
      argument.text = read_template(node, "args");
      return argument;
    case Node::Kind::list: argument.kind = ArgumentTemplate::Kind::list; break;
    case Node::Kind::table: argument.kind = ArgumentTemplate::Kind::table; break;
    default: argument.literal = to_value(node, "args"); return argument;
  }
  for (const NodeMember& member : node.members) {
    argument.members.emplace_back(member.name, read_argument(member.value));
  }
  return argument;
}

Need read_need(const Node& node) {
  Need need;
  need.position = node.position;
  if (node.kind == Node::Kind::text) {
    need.task = read_text(node, "needs");
    return need;
  }
  read_table(node, "needs", "a task's name or { task = \"name\", match = \"same\" }");
  check_keys(node, {"task", "match"}, "'needs'");
  const Node* task = node.find("task");
  if (task == nullptr) throw JobError(node.position, "'needs': the key 'task' is missing");
  need.task = read_text(*task, "needs.task");
  need.position = task->position;
  if (const Node* match = node.find("match")) {
    need.match = read_word(*match, "needs.match", {"all", "same"}) == 0 ? Match::all : Match::same;
  }
  return need;
}

int read_rule_number(const Node& node, const std::string& digits, int most) {
  int number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || number < 0 || number > most) {
    refuse(node, "retries.on", fmt::format("a number from 0 to {} after the colon", most));
  }
  return number;
}

RetryRule read_retry_rule(const Node& node) {
  constexpr int largest_exit = 255;
  constexpr int largest_signal = 64;
  const std::string text = read_text(node, "retries.on");
  const std::size_t colon = text.find(':');
  if (colon != std::string::npos) {
    const std::string kind = text.substr(0, colon);
    if (kind == "exit" || kind == "signal") {
      const bool is_exit = kind == "exit";
      const int number =
          read_rule_number(node, text.substr(colon + 1), is_exit ? largest_exit : largest_signal);
      return {is_exit ? FailureKind::exit : FailureKind::signal, number};
    }
  }
  // The words stand in the order of FailureKind; the two forms with a number are only for advice.
  const std::size_t word = read_word(
      node, "retries.on",
      {"exit", "signal", "timeout", "memory", "worker-lost", "exception", "exit:N", "signal:N"});
  if (word > static_cast<std::size_t>(FailureKind::exception)) {
    refuse(node, "retries.on", "a number after the colon");
  }
  return {static_cast<FailureKind>(word), std::nullopt};
}

double read_backoff(const Node& node) {
  const double backoff = read_real(node, "retries.backoff");
  if (!std::isfinite(backoff) || backoff < 1.0) {
    refuse(node, "retries.backoff", "a finite number of at least 1");
  }
  return backoff;
}

void check_variable_name(const NodeMember& member) {
  const std::string& name = member.name;
  if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos) {
    throw JobError(member.position,
                   fmt::format("'env': '{}' is no name for a variable of the environment", name),
                   "it may not be empty or contain '='");
  }
  if (name.rfind("PROCFARM_", 0) == 0) {
    throw JobError(member.position,
                   fmt::format("'env': '{}' is reserved, as all that begins with PROCFARM_", name));
  }
}

}  // namespace

void read_command(const Node& node, Action& action) {
  action.kind = ActionKind::command;
  action.command.clear();
  for (const NodeMember& word :
       read_list(node, "command", "a list such as [\"gzip\", \"-k\", \"{{path}}\"]")) {
    action.command.push_back(read_template(word.value, "command"));
  }
  if (action.command.empty() || action.command.front().source().empty()) {
    throw JobError(node.position, "'command': its first element must name a program");
  }
}

void read_function(const Node& node, Action& action) {
  action.kind = ActionKind::function;
  const std::string text = read_text(node, "function");
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == text.size()) {
    refuse(node, "function", "\"module.name\", where [modules] has the module");
  }
  action.module = text.substr(0, dot);
  action.function = text.substr(dot + 1);
}

void read_arguments(const Node& node, Action& action) {
  if (node.kind != Node::Kind::list && node.kind != Node::Kind::table) {
    refuse(node, "args", "a list (by position) or a table (by name)");
  }
  action.by_name = node.kind == Node::Kind::table;
  for (const NodeMember& member : node.members) {
    action.arguments.emplace_back(member.name, read_argument(member.value));
  }
}

std::vector<Need> read_needs(const Node& node) {
  std::vector<Need> needs;
  for (const NodeMember& member : read_list(node, "needs", "a list such as [\"tar\"]")) {
    needs.push_back(read_need(member.value));
  }
  return needs;
}

Retries read_retries(const Node& node) {
  Retries retries;
  if (node.kind == Node::Kind::integer) {
    retries.count = static_cast<int>(read_integer(node, "retries", 0, most_retries));
    return retries;
  }
  read_table(node, "retries", "a number of further attempts or { count = 2, delay = \"1s\" }");
  check_keys(node, {"count", "delay", "backoff", "max_delay", "on"}, "'retries'");
  const Node* count = node.find("count");
  if (count == nullptr) throw JobError(node.position, "'retries': the key 'count' is missing");
  retries.count = static_cast<int>(read_integer(*count, "retries.count", 0, most_retries));
  if (const Node* delay = node.find("delay")) {
    retries.delay = read_duration(*delay, "retries.delay");
  }
  if (const Node* backoff = node.find("backoff")) retries.backoff = read_backoff(*backoff);
  if (const Node* most = node.find("max_delay")) {
    retries.max_delay = read_duration(*most, "retries.max_delay");
  }
  if (const Node* on = node.find("on")) {
    for (const NodeMember& rule : read_list(*on, "retries.on", "a list such as [\"timeout\"]")) {
      retries.on.push_back(read_retry_rule(rule.value));
    }
    if (retries.on.empty()) throw JobError(on->position, "'retries.on': is empty");
  }
  return retries;
}

std::vector<int> read_ok_exit(const Node& node) {
  constexpr int largest = 255;
  const auto read_code = [](const Node& code) {
    return static_cast<int>(read_integer(code, "ok_exit", 0, largest));
  };
  if (node.kind == Node::Kind::integer) return {read_code(node)};
  std::vector<int> codes;
  for (const NodeMember& member :
       read_list(node, "ok_exit", "an exit code or a list such as [0, 3]")) {
    codes.push_back(read_code(member.value));
  }
  if (codes.empty()) throw JobError(node.position, "'ok_exit': is empty: nothing could pass");
  return codes;
}

std::vector<std::pair<std::string, Template>> read_env(const Node& node) {
  std::vector<std::pair<std::string, Template>> env;
  for (const NodeMember& member :
       read_table(node, "env", "a table such as { LC_ALL = \"C.UTF-8\" }")) {
    check_variable_name(member);
    env.emplace_back(member.name, read_template(member.value, "env." + member.name));
  }
  return env;
}

InputSource read_input(const Node& node) {
  if (node.kind == Node::Kind::text) return {InputKind::text, read_template(node, "stdin")};
  read_table(node, "stdin", "text or { file = \"path\" }");
  check_keys(node, {"file"}, "'stdin'");
  const Node* file = node.find("file");
  if (file == nullptr) throw JobError(node.position, "'stdin': the key 'file' is missing");
  return {InputKind::file, read_path(*file, "stdin.file")};
}

OutputTarget read_output(const Node& node, std::string_view key) {
  if (node.kind != Node::Kind::text) {
    refuse(node, key, "\"capture\", \"show\", \"none\" or a path");
  }
  const std::string text = read_text(node, key);
  if (text == "capture") return {TargetKind::capture, {}};
  if (text == "show") return {TargetKind::show, {}};
  if (text == "none") return {TargetKind::none, {}};
  return {TargetKind::file, read_path(node, key)};
}

}  // namespace procfarm::cli
