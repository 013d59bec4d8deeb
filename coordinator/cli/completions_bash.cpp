// SPDX-License-Identifier: MIT
// completions_bash.cpp - two tables as `case` statements, and a function that knows how to walk
// along a line. What stands at a place is `@file`, `@run` ... or the words themselves.
#include <fmt/format.h>

#include "completions.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* walk = R"bash(
_procfarm_runs() {
  "$tool" runs "${where[@]}" 2>/dev/null | sed '1d;s/ .*//'
}

_procfarm_tasks() {
  "$tool" status "$run" --json "${where[@]}" 2>/dev/null |
    grep -o '"task":"[^"]*"' | cut -d '"' -f 4
}

# _procfarm_answer VALUE WORD
_procfarm_answer() {
  local IFS=$'\n'
  case $1 in
    @file) compopt -o filenames; COMPREPLY=($(compgen -f -- "$2")) ;;
    @directory) compopt -o filenames; COMPREPLY=($(compgen -d -- "$2")) ;;
    @run) COMPREPLY=($(compgen -W "$(echo last; _procfarm_runs)" -- "$2")) ;;
    @task) COMPREPLY=($(compgen -W "$(echo failed; _procfarm_tasks)" -- "$2")) ;;
    @none) ;;
    *) COMPREPLY=($(compgen -W "${1// /$'\n'}" -- "$2")) ;;
  esac
}

_procfarm() {
  local tool=$1 command='' run=last option='' value='' place=0 i word
  local -a where=()
  local current=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ -n $option ]]; then # its value; bash makes a word of its own of the = before it
      [[ $word == = ]] && continue
      [[ $option == --dir ]] && where=(--dir "$word")
      option=''
    elif [[ $word == -- ]]; then
      _procfarm_answer @file "$current"
      return
    elif [[ $word == -* ]]; then
      [[ -n $(_procfarm_value "$command:$word") ]] && option=$word
    elif [[ -z $command ]]; then
      command=$word
    else
      ((++place))
      [[ $(_procfarm_value "$command:$place") == @run ]] && run=$word
    fi
  done
  if [[ -n $option ]]; then
    [[ $current == = ]] && current=''
    _procfarm_answer "$(_procfarm_value "$command:$option")" "$current"
  elif [[ $current == -* ]]; then
    _procfarm_answer "$(_procfarm_options "$command")" "$current"
  elif [[ -z $command ]]; then
    _procfarm_answer "$(_procfarm_commands)" "$current"
  else
    value=$(_procfarm_value "$command:$((place + 1))")
    _procfarm_answer "${value:-@none}" "$current"
  fi
}

complete -F _procfarm procfarm
)bash";

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string text_of(const CompletedValue& value) {
  switch (value.kind) {
    case CompletedValue::Kind::file: return "@file";
    case CompletedValue::Kind::directory: return "@directory";
    case CompletedValue::Kind::run: return "@run";
    case CompletedValue::Kind::task: return "@task";
    case CompletedValue::Kind::words: return joined(value.words);
    case CompletedValue::Kind::none: break;
  }
  return "@none";
}

std::string options_line(const std::string& command, const std::vector<CompletedOption>& options) {
  std::vector<std::string> names;
  for (const CompletedOption& option : options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return fmt::format("    '{}') echo '{}' ;;\n", command, joined(names));
}

std::string value_lines(const CompletedCommand& command) {
  std::string lines;
  for (const CompletedOption& option : command.options) {
    if (!option.takes_value) continue;
    std::string patterns;
    for (const std::string& name : option.names) {
      patterns += fmt::format("{}{}:{}", patterns.empty() ? "" : " | ", command.name, name);
    }
    lines += fmt::format("    {}) echo '{}' ;;\n", patterns, text_of(option.value));
  }
  for (std::size_t place = 0; place < command.places.size(); ++place) {
    lines += fmt::format("    {}:{}) echo '{}' ;;\n", command.name, place + 1,
                         text_of(command.places[place]));
  }
  return lines;
}

}  // namespace

std::string bash_script(const CLI::App& tool) {
  const auto commands = completed_commands(tool);
  std::vector<std::string> names;
  std::string options = options_line("", completed_options(tool));
  std::string values;
  for (const CompletedCommand& command : commands) {
    names.push_back(command.name);
    options += options_line(command.name, command.options);
    values += value_lines(command);
  }
  return fmt::format(
             "# Completions of procfarm for bash.\n"
             "_procfarm_commands() {{ echo '{}'; }}\n\n"
             "_procfarm_options() {{\n  case $1 in\n{}  esac\n}}\n\n"
             "_procfarm_value() {{\n  case $1 in\n{}  esac\n}}\n",
             joined(names), options, values) +
         walk;
}

}  // namespace procfarm::cli
