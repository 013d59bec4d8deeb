// SPDX-License-Identifier: MIT
// completions_zsh.cpp - the specifications that zsh's _arguments takes, one list for each command.
#include <fmt/format.h>

#include "completions.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* helpers = R"zsh(
_procfarm_directory() {
  local at=${words[(I)--dir]}
  ((at > 0 && at < CURRENT - 1)) && print -r -- --dir ${words[at + 1]}
}

_procfarm_runs() {
  local -a runs=(last ${${(f)"$(procfarm runs $(_procfarm_directory) 2>/dev/null)"}[2,-1]%% *})
  _describe run runs
}

_procfarm_tasks() {
  local run=${${words[2,CURRENT - 1]:#-*}[1]}
  local -a tasks=(failed ${${(f)"$(procfarm status ${run:-last} --json $(_procfarm_directory) \
    2>/dev/null | grep -o '"task":"[^"]*"')"}#'"task":"'})
  tasks=(${tasks%'"'})
  _describe task tasks
}
)zsh";

/// Inside of single quotes, and between brackets or behind a colon of a specification.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string action_of(const CompletedValue& value) {
  switch (value.kind) {
    case CompletedValue::Kind::file: return "_files";
    case CompletedValue::Kind::directory: return "_files -/";
    case CompletedValue::Kind::run: return "_procfarm_runs";
    case CompletedValue::Kind::task: return "_procfarm_tasks";
    case CompletedValue::Kind::none: return " ";
    case CompletedValue::Kind::words: break;
  }
  std::string words = "(";
  for (const std::string& word : value.words) words += (words == "(" ? "" : " ") + word;
  return words + ")";
}

std::string value_of(const CompletedValue& value) {
  const bool words = value.kind == CompletedValue::Kind::words || value.name.empty();
  return fmt::format(":{}:{}", words ? "value" : escaped(value.name), action_of(value));
}

/// `'(-j --jobs)'{-j+,--jobs=}'[so many at a time]:N: '`
std::string option_line(const CompletedOption& option) {
  std::string names;
  std::string all;
  for (const std::string& name : option.names) {
    const bool is_long = name.rfind("--", 0) == 0;
    all += (all.empty() ? "" : " ") + name;
    names += (names.empty() ? "" : ",") + name;
    if (option.takes_value) names += is_long ? "=" : "+";
  }
  if (option.names.size() > 1) names = "{" + names + "}";
  return fmt::format("    '({})'{}'[{}]{}' \\\n", all, names, escaped(option.description),
                     option.takes_value ? value_of(option.value) : "");
}

std::string command_lines(const CompletedCommand& command) {
  std::string lines = fmt::format("    {}) _arguments -s -S \\\n", command.name);
  for (const CompletedOption& option : command.options) lines += "  " + option_line(option);
  for (std::size_t place = 0; place < command.places.size(); ++place) {
    lines += fmt::format("      '{}{}' \\\n", place + 1, value_of(command.places[place]));
  }
  if (command.name == "each") lines += "      '*:command:_files' \\\n";
  lines.erase(lines.size() - 3, 2);
  return lines + "      ;;\n";
}

}  // namespace

std::string zsh_script(const CLI::App& tool) {
  std::string commands;
  std::string cases;
  for (const CompletedCommand& command : completed_commands(tool)) {
    commands += fmt::format("    '{}:{}'\n", command.name, escaped(command.description));
    cases += command_lines(command);
  }
  std::string own;
  for (const CompletedOption& option : completed_options(tool)) own += option_line(option);
  return fmt::format(
      "#compdef procfarm\n# Completions of procfarm for zsh.\n{}\n"
      "_procfarm() {{\n  local curcontext=$curcontext state line\n"
      "  local -a commands=(\n{}  )\n"
      "  _arguments -C \\\n{}    '1:command:->command' '*::argument:->arguments' && return\n"
      "  if [[ $state == command ]]; then\n    _describe command commands\n    return\n  fi\n"
      "  case $words[1] in\n{}  esac\n}}\n\n"
      "if [[ $funcstack[1] == _procfarm ]]; then _procfarm \"$@\"; else compdef _procfarm "
      "procfarm; "
      "fi\n",
      helpers, commands, own, cases);
}

}  // namespace procfarm::cli
