// SPDX-License-Identifier: MIT
// other_commands.cpp - the subcommands that run no job: they read a run, or look at a module, at
// the machine or at the command line itself.
#include "command_line.hpp"
#include "completions.hpp"
#include "help_texts.hpp"
#include "option_values.hpp"

namespace procfarm::cli {

void CommandLine::add_readers() {
  CLI::App* plan = add("plan", "Show every task and instance as resolved", Subcommand::plan);
  plan->add_option("JOB", options_.job, "a job file, or - for JSON Lines");
  plan->add_option("--only", options_.running.only, "show only these tasks")->type_name("SELECTOR");
  CLI::App* status = add("status", "Show how a run stands", Subcommand::status);
  CLI::App* logs = add("logs", "Show what a task printed and how it ended", Subcommand::logs);
  CLI::App* results = add("results", "Show what functions returned", Subcommand::results);
  CLI::App* runs = add("runs", "List the runs", Subcommand::runs);
  for (CLI::App* reader : {status, logs, results}) {
    reader->add_option("RUN", options_.run, "a run's id or its beginning; `last` is the newest");
  }
  logs->add_option("TASK", options_.selector, "an instance such as pack[3]");
  logs->add_option_function<std::string>(
          "--attempt", [this](const std::string& text) { options_.attempt = option_attempt(text); },
          "which attempt; default: the last")
      ->type_name("N")
      ->take_last();
  logs->add_flag("--raw", options_.raw, "the bytes as they were, without headings");
  results->add_option("TASK", options_.selector, "only this task or instance");
  CLI::Option* csv = results->add_flag("--csv", options_.csv, "as comma separated values");
  CLI::App* functions = add("functions", "List a module's functions", Subcommand::functions);
  functions->add_option("LIB", options_.library, "a shared library, or a program");
  for (CLI::App* command : {plan, status, results, runs, functions}) {
    CLI::Option* json = command->add_flag("--json", options_.json, "as JSON");
    if (command == results) json->excludes(csv);
  }
  for (CLI::App* reader : {status, logs, results, runs}) add_directory(*reader);
}

void CommandLine::add_export() {
  CLI::App* exporting =
      add("export", "Write a run as a file that other programs read", Subcommand::exporting);
  exporting->add_option("RUN", options_.run, "a run's id or its beginning; `last` is the newest");
  exporting
      ->add_option_function<std::string>(
          "FORMAT", [this](const std::string& text) { options_.format = option_format(text); },
          "what to write")
      ->type_name(choices_of(export_formats));
  exporting->add_option("-o,--output", options_.output, "into this file instead of standard output")
      ->type_name("FILE")
      ->check(refuse_empty)
      ->take_last();
  exporting->footer(help_export);
  add_directory(*exporting);
}

void CommandLine::add_others() {
  CLI::App* doctor =
      add("doctor", "Tell what on this machine would get in the way", Subcommand::doctor);
  doctor->add_option("JOB", options_.job, "a job whose modules are looked at, too");
  add_jobs(*doctor);
  doctor->add_flag("--json", options_.json, "as JSON");
  doctor->footer(help_doctor);
  add_directory(*doctor);
  CLI::App* completions =
      add("completions", "Print a script that completes commands and options of this tool",
          Subcommand::completions);
  completions
      ->add_option_function<std::string>(
          "SHELL",
          [this](const std::string& text) { options_.completed_shell = option_shell(text); },
          "for which shell")
      ->type_name(choices_of(shells));
  completions->footer(help_completions);
}

std::string CommandLine::completions(Shell shell) const { return completion_script(app_, shell); }

}  // namespace procfarm::cli
