// SPDX-License-Identifier: MIT
// completions.cpp - CLI11's tree as the few things that shells want to know.
#include "completions.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace procfarm::cli {
namespace {

using Kind = CompletedValue::Kind;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

CompletedValue value_named(const std::string& name) {
  CompletedValue value{.name = name};
  if (name.find('|') != std::string::npos) {
    value.kind = Kind::words;
    value.words = split(name, '|');
    return value;
  }
  for (const char* file : {"FILE", "JOB", "SOURCE", "LIB"}) {
    if (name == file) value.kind = Kind::file;
  }
  if (name == "DIR") value.kind = Kind::directory;
  if (name == "RUN") value.kind = Kind::run;
  if (name == "TASK") value.kind = Kind::task;
  return value;
}

CompletedOption option_of(const CLI::Option& option) {
  CompletedOption completed{.description = option.get_description(),
                            .takes_value = option.get_items_expected_max() > 0,
                            .value = value_named(option.get_type_name())};
  for (const std::string& name : option.get_snames()) completed.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) completed.names.push_back("--" + name);
  return completed;
}

}  // namespace

std::vector<CompletedOption> completed_options(const CLI::App& command) {
  std::vector<CompletedOption> options;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) options.push_back(option_of(*option));
  }
  return options;
}

std::vector<CompletedCommand> completed_commands(const CLI::App& tool) {
  std::vector<CompletedCommand> commands;
  for (const CLI::App* command : tool.get_subcommands([](const CLI::App*) { return true; })) {
    CompletedCommand completed{.name = command->get_name(),
                               .description = command->get_description(),
                               .options = completed_options(*command)};
    for (const CLI::Option* option : command->get_options()) {
      if (!option->get_positional()) continue;
      // The words it can be, if it says some; else its own name tells what it is.
      const std::string type = option->get_type_name();
      completed.places.push_back(
          value_named(type.find('|') != std::string::npos ? type : option->get_name(true)));
    }
    commands.push_back(std::move(completed));
  }
  return commands;
}

std::string completion_script(const CLI::App& tool, Shell shell) {
  switch (shell) {
    case Shell::bash: return bash_script(tool);
    case Shell::zsh: return zsh_script(tool);
    case Shell::fish: return fish_script(tool);
  }
  return {};
}

}  // namespace procfarm::cli
