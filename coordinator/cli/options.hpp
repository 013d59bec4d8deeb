// SPDX-License-Identifier: MIT
// options.hpp - the command line as plain values. Parsing touches nothing: whoever gets a usage
// error knows that nothing was created or started.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "units.hpp"

namespace procfarm::cli {

enum class Subcommand {
  run,
  rerun,
  each,
  plan,
  status,
  logs,
  results,
  runs,
  exporting,
  functions,
  doctor,
  completions
};
enum class ExportFormat { joblog, csv, jsonl, junit, trace };
enum class Shell { bash, zsh, fish };
enum class ColorMode { automatic, always, never };
enum class DurabilityLevel { normal, full };

/// When a run ends before its work does: `--halt soon,fail=3`, `--halt now,fail=20%`.
struct HaltPolicy {
  enum class Pace { soon, now };  // start nothing more, or end what runs as well
  enum class Counted { fail, success, done };
  Pace pace = Pace::soon;
  Counted counted = Counted::fail;
  std::uint64_t threshold = 1;  // a number of instances, or per cent
  bool percent = false;

  bool operator==(const HaltPolicy&) const = default;
};

/// `soon|now,fail|success|done=N` or `N%`; `never` is none. Throws std::invalid_argument that tells
/// the accepted forms.
std::optional<HaltPolicy> parse_halt(const std::string& text);

/// How a run is carried out; shared by `run` and `each`.
struct RunOptions {
  std::optional<int> jobs{};        // default: the cores that may be used
  std::vector<std::string> only{};  // selectors
  bool dry_run = false;
  bool json = false;
  bool keep_order = false;
  bool tag = false;
  std::string joblog{};
  std::string results{};  // a directory
  std::optional<HaltPolicy> halt{};
  std::optional<int> retries{};         // further attempts
  int crash_limit = 3;                  // how often a task may be running when its worker or we die
  std::optional<std::string> resume{};  // of `run`: a run's name, or empty: the last of the job
  bool explain = false;
  std::optional<Duration> timeout{};  // 0: no limit, whatever the tasks say
  bool bar = false;
  bool eta = false;
  bool database = true;
  DurabilityLevel durability = DurabilityLevel::normal;
};

struct Options {
  Subcommand subcommand = Subcommand::run;
  std::string job{};                       // run, plan, doctor: a path or `-`
  std::string source{};                    // each: a path or `-`
  std::vector<std::string> command{};      // each: what follows `--`
  std::string shell{};                     // each: a shell line instead
  std::string library{};                   // functions
  std::string run{};                       // status, logs, results, export, rerun; empty: the last
  std::string selector{};                  // logs, results: which instance or task
  std::optional<int> attempt{};            // logs
  std::optional<ExportFormat> format{};    // export
  std::string output{};                    // export: a file; empty: standard output
  std::optional<Shell> completed_shell{};  // completions
  bool json = false;                       // plan, status, results, runs, functions, doctor
  bool csv = false;                        // results
  bool raw = false;                        // logs
  bool failed = false;                     // rerun
  RunOptions running{};
  ColorMode color = ColorMode::automatic;
  bool quiet = false;
  int verbose = 0;
  std::string directory{};  // where .procfarm lies; empty: the current one
};

/// Options, or a text to print and an exit code: 0 with help or the version, for standard output; 2
/// with a usage error, for standard error.
struct ParsedOptions {
  std::optional<Options> options{};
  std::string text{};
  int exit_code = 0;
};

/// `arguments` without the program's name. Never throws on bad input.
ParsedOptions parse_options(std::vector<std::string> arguments);

/// The script that completes this command line in `shell`.
std::string completion_script(Shell shell);

}  // namespace procfarm::cli
