// SPDX-License-Identifier: MIT
// completions.hpp - scripts by which shells complete a command line, from CLI11's tree alone: what
// is added to the tree is completed. The name of a value's type tells what it can be: FILE, DIR,
// RUN, TASK, or the words in `auto|always|never`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "options.hpp"

namespace procfarm::cli {

/// What may stand at a place of the command line.
struct CompletedValue {
  enum class Kind { none, file, directory, run, task, words };
  Kind kind = Kind::none;
  std::vector<std::string> words{};
  std::string name{};  // of its type

  bool operator==(const CompletedValue&) const = default;
};

struct CompletedOption {
  std::vector<std::string> names{};  // with their dashes
  std::string description{};
  bool takes_value = false;
  CompletedValue value{};
};

struct CompletedCommand {
  std::string name{};
  std::string description{};
  std::vector<CompletedOption> options{};
  std::vector<CompletedValue> places{};  // what is no option, in order
};

/// The subcommands of a tool, each with its options.
std::vector<CompletedCommand> completed_commands(const CLI::App& tool);
/// The tool's own options, which stand before a subcommand.
std::vector<CompletedOption> completed_options(const CLI::App& command);

std::string completion_script(const CLI::App& tool, Shell shell);

// Of one shell each.
std::string bash_script(const CLI::App& tool);
std::string zsh_script(const CLI::App& tool);
std::string fish_script(const CLI::App& tool);

}  // namespace procfarm::cli
