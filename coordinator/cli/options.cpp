// SPDX-License-Identifier: MIT
// options.cpp - `run` and `each` as CLI11 sees them, and how all is parsed. The other subcommands
// stand in other_commands.cpp, what a single value may look like in option_values.cpp, what is told
// of a wrong line in usage_errors.cpp.
#include "command_line.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <utility>

#include <procfarm/version.hpp>

#include "help_texts.hpp"
#include "option_values.hpp"

namespace procfarm::cli {
namespace {

constexpr std::size_t column_width = 30;

/// CLI11 leaves two lines empty between groups.
std::string tidy(std::string help) {
  for (auto at = help.find("\n\n\n"); at != std::string::npos; at = help.find("\n\n\n")) {
    help.erase(at, 1);
  }
  return help;
}

/// CLI11's message, but where it talks of itself.
std::string in_our_words(const std::string& message) {
  const auto at = message.find(" was given a disallowed flag override");
  return at == std::string::npos ? message
                                 : fmt::format("--{} takes no value", message.substr(0, at));
}

/// `help`, `help COMMAND` and `version` are no commands of ours, but what many type first.
void words_to_options(std::vector<std::string>& arguments) {
  if (arguments.empty()) return;
  if (arguments.front() == "version") arguments.front() = "--version";
  if (arguments.front() != "help") return;
  arguments.erase(arguments.begin());
  arguments.resize(std::min<std::size_t>(arguments.size(), 1));
  arguments.emplace_back("--help");
}

}  // namespace

CommandLine::CommandLine(std::string_view only) {
  app_.name("procfarm");
  app_.get_formatter()->column_width(column_width);
  app_.set_help_flag("-h,--help", "Print this help");
  app_.set_version_flag("-V,--version", std::string("procfarm ") + PROCFARM_VERSION,
                        "Print the version");
  app_.footer(help_overview);
  app_.allow_extras();
  app_.require_subcommand(0, 1);
  const auto wants = [only](std::string_view name) { return only.empty() || only == name; };
  if (wants("run")) add_run();
  if (wants("rerun")) add_rerun();
  if (wants("each")) add_each();
  if (only.empty()) {
    add_readers();
    add_export();
    add_others();
  }
  refuse_values_of_flags();
}

/// CLI11 would take --bar=3.
void CommandLine::refuse_values_of_flags() {
  for (const auto& [command, unused] : commands_) {
    for (CLI::Option* option : app_.get_subcommand(command->get_name())->get_options()) {
      if (option->get_items_expected_max() == 0) option->disable_flag_override();
    }
  }
}

CLI::App* CommandLine::add(const std::string& name, const std::string& description,
                           Subcommand subcommand) {
  CLI::App* command = app_.add_subcommand(name, description);
  command->footer("");
  command->allow_extras();
  commands_[command] = subcommand;
  return command;
}

void CommandLine::add_run() {
  CLI::App* run = add("run", "Run a job file", Subcommand::run);
  run->add_option("JOB", options_.job, "a job file (.toml, .jsonl), or - for JSON Lines");
  run->footer(help_run);
  run->add_option("--only", options_.running.only, "run only these tasks")
      ->type_name("SELECTOR")
      ->allow_extra_args()
      ->group("What runs");
  run->add_option_function<std::string>(
         "--resume", [this](const std::string& text) { options_.running.resume = text; },
         "go on with a run: what is done stays done; default: the last of this job")
      ->type_name("[RUN]")
      ->expected(0, 1)
      ->group("What runs");
  add_resume(*run);
  add_run_options(*run);
  add_shown(*run);
  add_directory(*run);
}

void CommandLine::add_rerun() {
  CLI::App* rerun = add("rerun", "Run again what failed in a run", Subcommand::rerun);
  rerun->add_option("RUN", options_.run, "a run's id or its beginning; `last` is the newest");
  rerun->add_flag("--failed", options_.failed, "what failed, and what was left because of that")
      ->group("What runs");
  rerun->footer(help_rerun);
  add_resume(*rerun);
  add_run_options(*rerun);
  add_shown(*rerun);
  add_directory(*rerun);
}

/// Of a run that is gone on with.
void CommandLine::add_resume(CLI::App& app) {
  app.add_flag("--explain", options_.running.explain,
               "say why each runs or stays; with --dry-run only that")
      ->group("What runs");
}

void CommandLine::add_each() {
  CLI::App* each = add("each", "Run a command for each line: each SOURCE [OPTIONS] -- COMMAND...",
                       Subcommand::each);
  each->add_option("SOURCE", options_.source, "a file of lines, or - for standard input");
  each->add_option("--shell", options_.shell, "a shell line instead of a command")
      ->type_name("LINE");
  each->footer(help_each);
  add_run_options(*each);
  add_shown(*each);
  add_directory(*each);
}

void CommandLine::add_run_options(CLI::App& app) {
  RunOptions& running = options_.running;
  const char* shown = "What is shown";
  app.add_flag("-n,--dry-run", running.dry_run, "print the plan, run nothing")->group("What runs");
  add_limits(app);
  app.add_flag("--json", running.json, "events as JSON Lines on standard output")->group(shown);
  app.add_flag("-k,--keep-order", running.keep_order, "print outputs in the order of the input")
      ->group(shown);
  app.add_flag("--tag", running.tag, "begin each line of output with its instance")->group(shown);
  app.add_flag("--bar", running.bar, "show a bar in the status line")->group(shown);
  app.add_flag("--eta", running.eta, "show the estimated end also when it is no terminal")
      ->group(shown);
  const char* kept = "What is kept";
  app.add_option("--joblog", running.joblog, "write GNU parallel's job log")
      ->type_name("FILE")
      ->check(refuse_empty)
      ->take_last()
      ->group(kept);
  app.add_option("--results", running.results, "write each task's output below this directory")
      ->type_name("DIR")
      ->check(refuse_empty)
      ->take_last()
      ->group(kept);
  app.add_flag_callback(
         "--no-db", [&running] { running.database = false; }, "keep no run database")
      ->group(kept);
  app.add_option_function<std::string>(
         "--durability",
         [&running](const std::string& text) { running.durability = option_durability(text); },
         "full: commits survive a power cut, too")
      ->type_name(choices_of(durabilities))
      ->take_last()
      ->group(kept);
}

void CommandLine::add_jobs(CLI::App& app) {
  app.add_option_function<std::string>(
         "-j,--jobs",
         [this](const std::string& text) { options_.running.jobs = option_jobs(text); },
         "so many at a time; default: the cores that may be used")
      ->type_name("N")
      ->group("How it runs")
      ->take_last();
}

void CommandLine::add_limits(CLI::App& app) {
  RunOptions& running = options_.running;
  const char* limits = "How it runs";
  const auto add_value = [&app, limits](const std::string& name, const std::string& type,
                                        const std::string& description, auto set) {
    app.add_option_function<std::string>(name, set, description)
        ->type_name(type)
        ->group(limits)
        ->take_last();
  };
  add_jobs(app);
  add_value("--retries", "N", "further attempts of a task that fails",
            [&running](const std::string& text) { running.retries = option_retries(text); });
  add_value(
      "--crash-limit", "N", "quarantine what runs in N deaths of a worker or the tool (3)",
      [&running](const std::string& text) { running.crash_limit = option_crash_limit(text); });
  add_value("--timeout", "TIME", "limit of an attempt: 30, 90s, 1h 30m; 0: none",
            [&running](const std::string& text) { running.timeout = option_timeout(text); });
  add_value("--halt", "WHEN", "end early: soon,fail=1 or now,fail=20% or soon,done=100",
            [&running](const std::string& text) { running.halt = option_halt(text); });
}

void CommandLine::add_shown(CLI::App& app) {
  CLI::Option* quiet =
      app.add_flag("-q,--quiet", options_.quiet, "only results, failures and errors")
          ->group("What is shown");
  app.add_flag("-v,--verbose", options_.verbose, "a line for every task")
      ->group("What is shown")
      ->excludes(quiet);
  app.add_option_function<std::string>(
         "--color", [this](const std::string& text) { options_.color = option_color(text); },
         "colours in messages")
      ->type_name(choices_of(colors))
      ->take_last()
      ->group("What is shown");
}

void CommandLine::add_directory(CLI::App& app) {
  app.add_option("--dir", options_.directory, "where .procfarm lies; default: here")
      ->type_name("DIR")
      ->check(refuse_empty);
}

ParsedOptions CommandLine::parse(std::vector<std::string> arguments) {
  if (!arguments.empty() && arguments.front() == "each") {
    // Whatever follows belongs to the command, however much it looks like an option of ours.
    const auto mark = std::find(arguments.begin(), arguments.end(), "--");
    if (mark != arguments.end()) options_.command.assign(std::next(mark), arguments.end());
    arguments.erase(mark, arguments.end());
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a vector
  const CLI::App* command = nullptr;
  const auto chosen = [this] {
    const auto parsed = app_.get_subcommands();
    return parsed.empty() ? nullptr : parsed.front();
  };
  try {
    app_.parse(std::move(arguments));
    command = chosen();
  } catch (const CLI::CallForHelp&) {
    command = chosen();
    const std::string unknown = command == nullptr ? complaint(app_) : std::string();
    if (!unknown.empty()) return {.text = usage_error(nullptr, unknown), .exit_code = 2};
    return {.text = tidy(command == nullptr ? app_.help() : command->help("procfarm"))};
  } catch (const CLI::CallForVersion& version) {
    return {.text = std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return {.text = usage_error(chosen(), in_our_words(error.what())), .exit_code = 2};
  }
  std::string wrong = complaint(app_);
  if (wrong.empty() && command == nullptr) return {.text = app_.help(), .exit_code = 2};
  if (wrong.empty()) wrong = complaint(*command);
  if (command != nullptr) options_.subcommand = commands_.at(command);
  // `run --resume JOB`: the word after it was the job.
  if (options_.job.empty() && options_.running.resume) {
    options_.job = std::exchange(*options_.running.resume, {});
  }
  if (wrong.empty()) wrong = missing(options_.subcommand);
  if (!wrong.empty()) return {.text = usage_error(command, wrong), .exit_code = 2};
  return {.options = std::move(options_)};
}

std::string completion_script(Shell shell) { return CommandLine().completions(shell); }

ParsedOptions parse_options(std::vector<std::string> arguments) {
  words_to_options(arguments);
  const std::string first = arguments.empty() ? std::string() : arguments.front();
  const bool runs = first == "run" || first == "rerun" || first == "each";
  return CommandLine(runs ? first : std::string()).parse(std::move(arguments));
}

}  // namespace procfarm::cli
