// SPDX-License-Identifier: MIT
// usage_errors.cpp - usage errors in one shape: who, what, the nearest option, where help is.
#include <fmt/format.h>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "diagnostic.hpp"
#include "option_values.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* missing_run = "RUN is missing: a run's id, or last";

/// --only takes whatever stands behind it.
std::string missing_job(const RunOptions& running) {
  std::string text = "JOB is missing";
  if (running.only.size() < 2) return text;
  return fmt::format("{}: --only has taken '{}'; write JOB before --only, or -- before JOB", text,
                     running.only.back());
}

}  // namespace

std::string CommandLine::usage_error(const CLI::App* command, const std::string& message) const {
  const std::string who = command == nullptr ? "procfarm" : "procfarm " + command->get_name();
  return fmt::format("{}: {}\nSee `{} --help`.\n", who, escape_control(message), who);
}

/// What CLI11 could not place, with what was probably meant; empty if all was placed.
std::string CommandLine::complaint(const CLI::App& command) const {
  const std::vector<std::string> left = command.remaining();
  if (left.empty()) return {};
  const std::string word = left.front().substr(0, left.front().find('='));
  std::vector<std::string> known;
  if (word.rfind('-', 0) == 0) {
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    }
  } else if (&command == &app_) {
    for (const auto& [sub, unused] : commands_) known.push_back(sub->get_name());
  }
  const std::string advice = suggest(word, known);
  const char* kind = word.rfind('-', 0) == 0 ? "unknown option"
                     : &command == &app_     ? "unknown command"
                                             : "unexpected argument";
  return fmt::format("{} '{}'{}", kind, word, advice.empty() ? "" : "; " + advice);
}

/// What the command cannot do without, if it is not there.
std::string CommandLine::missing(Subcommand subcommand) const {
  switch (subcommand) {
    case Subcommand::run:
      if (options_.job.empty()) return missing_job(options_.running);
      if (options_.running.explain && !options_.running.resume) {
        return "--explain needs --resume: without it everything runs";
      }
      if (!options_.running.database && options_.running.resume) {
        return "--resume needs the run database: leave out --no-db";
      }
      return "";
    case Subcommand::rerun:
      if (options_.run.empty()) return "RUN is missing: a run's id, or last";
      if (!options_.failed) return "--failed is missing: nothing else can be run again";
      return options_.running.database ? "" : "the run database is needed: leave out --no-db";
    case Subcommand::plan: return options_.job.empty() ? "JOB is missing" : "";
    case Subcommand::each:
      if (options_.source.empty()) return "SOURCE is missing: a file of lines, or -";
      if (options_.command.empty() == options_.shell.empty()) {
        return options_.shell.empty() ? "a command is missing after --, or --shell LINE"
                                      : "either --shell or a command after --, not both";
      }
      return "";
    case Subcommand::logs: return options_.run.empty() ? missing_run : "";
    case Subcommand::exporting:
      if (options_.run.empty()) return missing_run;
      return options_.format ? "" : "FORMAT is missing: " + choices_of(export_formats, ", ");
    case Subcommand::completions:
      return options_.completed_shell ? "" : "SHELL is missing: " + choices_of(shells, ", ");
    case Subcommand::functions: return options_.library.empty() ? "LIB is missing" : "";
    default: return "";
  }
}

}  // namespace procfarm::cli
