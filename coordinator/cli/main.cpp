// SPDX-License-Identifier: MIT
// main.cpp - the procfarm tool: options to a subcommand, and what is thrown to one line on standard
// error and an exit code.
#include <SQLiteCpp/Exception.h>

#include <fmt/format.h>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <procfarm/errors.hpp>
#include <procfarm/init.hpp>
#include <procfarm/module.hpp>

#include "commands.hpp"
#include "diagnostic.hpp"
#include "options.hpp"
#include "output_stream.hpp"
#include "run_schema.hpp"
#include "show_export.hpp"
#include "show_logs.hpp"
#include "show_results.hpp"
#include "show_runs.hpp"
#include "show_status.hpp"

namespace procfarm::cli {
namespace {

constexpr int exit_usage = 2;
constexpr int exit_farm = 3;
constexpr int exit_write = 4;

ShowOptions show_options(const Options& options) {
  ShowOptions show{.run = options.run,
                   .selector = options.selector,
                   .attempt = options.attempt,
                   .json = options.json,
                   .csv = options.csv,
                   .raw = options.raw,
                   .format = options.format.value_or(ExportFormat::joblog),
                   .output = options.output};
  if (!options.directory.empty()) show.base = options.directory;
  return show;
}

int complain(const std::exception& error, int exit_code) {
  OutputStream err(2);
  err.write("procfarm: " + escape_control(error.what()) + "\n");
  err.flush();
  return exit_code;
}

int print(const ParsedOptions& parsed) {
  OutputStream out(parsed.exit_code == 0 ? 1 : 2);
  out.write(parsed.text);
  if (out.flush()) return parsed.exit_code;
  return complain(
      std::system_error(out.error(), std::generic_category(), "cannot write the output"),
      exit_write);
}

int dispatch(const Options& options) {
  switch (options.subcommand) {
    case Subcommand::run: return command_run(options);
    case Subcommand::rerun: return command_rerun(options);
    case Subcommand::each: return command_each(options);
    case Subcommand::plan: return command_plan(options);
    case Subcommand::functions: return command_functions(options);
    case Subcommand::status: return show_status(show_options(options));
    case Subcommand::logs: return show_logs(show_options(options));
    case Subcommand::results: return show_results(show_options(options));
    case Subcommand::runs: return show_runs(show_options(options));
    case Subcommand::exporting: return show_export(show_options(options));
    case Subcommand::doctor: return command_doctor(options);
    case Subcommand::completions:
      return print({.text = completion_script(options.completed_shell.value_or(Shell::bash))});
  }
  return exit_usage;
}

int guarded_dispatch(const Options& options) {
  try {
    return dispatch(options);
  } catch (const JobError& error) {
    return complain(error, exit_usage);
  } catch (const ModuleError& error) {
    return complain(error, exit_usage);
  } catch (const std::invalid_argument& error) {
    return complain(error, exit_usage);
  } catch (const RunError& error) {
    return complain(error, exit_write);
  } catch (const SQLite::Exception& error) {
    return complain(error, exit_write);
  } catch (const std::system_error& error) {
    // A thread that cannot be started, not a file.
    const bool no_thread = error.code() == std::errc::resource_unavailable_try_again;
    if (!no_thread) return complain(error, exit_write);
    return complain(std::runtime_error("no thread can be started: the limit of processes is "
                                       "reached (ulimit -u, pids.max)"),
                    exit_farm);
  } catch (const std::exception& error) {
    return complain(error, exit_farm);
  }
}

}  // namespace
}  // namespace procfarm::cli

int main(int argc, char** argv) {
  procfarm::init(argc, argv);
  procfarm::cli::open_standard_streams();
  std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto parsed = procfarm::cli::parse_options(std::move(arguments));
  if (!parsed.options) return procfarm::cli::print(parsed);
  return procfarm::cli::guarded_dispatch(*parsed.options);
}
