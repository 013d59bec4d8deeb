// SPDX-License-Identifier: MIT
// command_line.hpp - the tool's subcommands and options as CLI11's tree: what is parsed, what help
// tells and what shells complete all come from it.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"

namespace procfarm::cli {

/// Builds the parser around the Options that it fills.
class CommandLine {
 public:
  /// With `only` one subcommand: the options of all take longer than many a command that is run.
  explicit CommandLine(std::string_view only = {});
  ParsedOptions parse(std::vector<std::string> arguments);
  /// The script that completes all of this in `shell`.
  std::string completions(Shell shell) const;

 private:
  CLI::App* add(const std::string& name, const std::string& description, Subcommand subcommand);
  void add_run();
  void add_rerun();
  void add_resume(CLI::App& app);
  void add_each();
  void add_readers();
  void add_export();
  void add_others();
  void add_run_options(CLI::App& app);
  void add_jobs(CLI::App& app);
  void add_limits(CLI::App& app);
  void add_shown(CLI::App& app);
  void add_directory(CLI::App& app);
  void refuse_values_of_flags();
  std::string usage_error(const CLI::App* command, const std::string& message) const;
  std::string complaint(const CLI::App& command) const;
  std::string missing(Subcommand subcommand) const;

  Options options_;
  CLI::App app_{"Runs tasks in many processes: `run` a job file, or a command for `each` line."};
  std::map<const CLI::App*, Subcommand> commands_;
};

}  // namespace procfarm::cli
