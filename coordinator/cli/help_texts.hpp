// SPDX-License-Identifier: MIT
// help_texts.hpp - what stands below the options in --help: examples first.
#pragma once

namespace procfarm::cli {

inline constexpr const char* help_overview = R"(Examples:
  procfarm run jobs.toml -j 8
  procfarm run jobs.toml --only 'pack[0-9]' --dry-run
  procfarm each urls.txt -j 8 -- curl -fsS -o {{index}}.html {{line}}
  procfarm run jobs.toml --resume
  procfarm status
  procfarm logs last 'pack[3]'
  procfarm export last junit -o report.xml
  procfarm doctor jobs.toml

`procfarm COMMAND --help` tells what a command takes.)";

inline constexpr const char* help_run = R"(Examples:
  procfarm run jobs.toml -j 8
  procfarm run jobs.toml --only tag:nightly --retries 2 --timeout 30s
  generate-tasks | procfarm run - --json
  procfarm run jobs.toml --resume --explain --dry-run

SELECTOR is a task's name, name[3], name[0-9] or tag:x.
--resume knows a task by what it does: what has changed runs again, also what failed.
Exit codes: 0 all passed, 1 a task failed, 2 usage or job file, 3 no worker could be started,
4 the run database or an output could not be written, 5 stopped early, 128+n ended by a signal.)";

inline constexpr const char* help_rerun = R"(Examples:
  procfarm rerun last --failed
  procfarm rerun 20260311-142530-a1f --failed --explain --dry-run

The job is the one that the run was started with. What is done stays done; what failed runs again,
and what was skipped or left because of that. The attempts are counted on.)";

inline constexpr const char* help_each = R"(Examples:
  procfarm each urls.txt -j 8 -- curl -fsS -o {{index}}.html {{line}}
  find . -name '*.log' | procfarm each - --shell 'gzip -k {{line}}'
  procfarm each hosts.txt -k --tag -- ping -c 1

Without {{line}} the line is appended to the command as its last argument.)";

inline constexpr const char* help_export = R"(Examples:
  procfarm export last csv -o attempts.csv
  procfarm export last joblog | sort -k 4 -n
  procfarm export last trace -o trace.json      (open it in https://ui.perfetto.dev)

joblog: GNU parallel's columns. csv, jsonl: a line for each attempt. junit: a case for each
instance. trace: Chrome's trace events. A run that still goes on is written as it is now.)";

inline constexpr const char* help_doctor = R"(Examples:
  procfarm doctor
  procfarm doctor jobs.toml -j 64

One line for each check: ok, note, or problem with what to do. Exit codes: 0 no problems, 1 some.)";

inline constexpr const char* help_completions = R"(Examples:
  source <(procfarm completions bash)           (in ~/.bashrc)
  source <(procfarm completions zsh)            (in ~/.zshrc, after compinit)
  procfarm completions fish | source            (in ~/.config/fish/config.fish))";

}  // namespace procfarm::cli
