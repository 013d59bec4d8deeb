// SPDX-License-Identifier: MIT
// run_resume.cpp - whatever is wrong with a run becomes the reason why it cannot be resumed.
#include "run_resume.hpp"

#include <SQLiteCpp/Exception.h>

#include <fmt/format.h>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "diagnostic.hpp"
#include "job_toml.hpp"
#include "run_reader.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* each_job = "each";

std::filesystem::path base_of(const Options& options) {
  return options.directory.empty() ? "." : options.directory;
}

/// Whatever the run database refuses is a matter of the command line here.
template <class Action>
auto or_refuse(const std::string& what, Action action) {
  try {
    return action();
  } catch (const RunError& error) {
    throw std::invalid_argument(what + ": " + error.what());
  } catch (const SQLite::Exception& error) {
    throw std::invalid_argument(
        fmt::format("{}: its database cannot be read: {}", what, error.what()));
  }
}

void refuse_if_in_use(const RunDirectory& directory) {
  if (const auto pid = run_lock_holder(directory)) {
    throw RunError(
        fmt::format("run {} is in use by pid {}: wait for it, or end it", directory.id(), *pid));
  }
}

bool is_of(const RunSummary& summary, const Job& job) {
  return summary.run.job_file == job_path(job);
}

RunDirectory named_run(const Options& options, const Job& job) {
  RunDirectory directory = find_run(base_of(options), *options.running.resume);
  const RunSummary summary = RunReader(directory).summary();
  // A job that was moved keeps its name.
  if (!is_of(summary, job) && summary.run.name != job.name) {
    throw RunError(fmt::format("run {} is of another job: {} ({})", directory.id(),
                               summary.run.name, summary.run.job_file));
  }
  return directory;
}

RunDirectory last_run(const Options& options, const Job& job) {
  std::optional<RunDirectory> complete;
  std::string unreadable;
  for (RunDirectory& directory : list_runs(base_of(options))) {
    try {  // one that cannot be read may be another job's
      const RunSummary summary = RunReader(directory).summary();
      if (!is_of(summary, job)) continue;
      if (summary.state != "passed") return directory;
      if (!complete) complete = std::move(directory);
    } catch (const RunError& error) {
      if (unreadable.empty())
        unreadable = fmt::format("; run {}: {}", directory.id(), error.what());
    } catch (const SQLite::Exception& error) {
      if (unreadable.empty()) {
        unreadable =
            fmt::format("; run {}: its database cannot be read: {}", directory.id(), error.what());
      }
    }
  }
  if (complete) return *complete;
  throw RunError(
      fmt::format("there is no run of {} in {}: leave out --resume, name a RUN, or"
                  " another directory with --dir{}",
                  job_path(job), runs_folder(base_of(options)).string(), unreadable));
}

/// Why the run's job cannot be read from its database.
std::string no_text(const RunDescription& run) {
  if (run.job_file == each_job) {
    return "it was made by `each`, which has no job file";
  }
  if (run.job_file == "-") return "its tasks came from standard input, which is gone";
  return fmt::format("its job was JSON Lines, which is not kept: procfarm run {} --resume {}",
                     run.job_file, run.id);
}

}  // namespace

std::string job_path(const Job& job) {
  if (job.file == "-" || (job.file == each_job && job.text.empty())) return job.file;
  return (std::filesystem::path(job.directory) / std::filesystem::path(job.file).filename())
      .string();
}

RunDirectory find_resumable(const Options& options, const Job& job) {
  return or_refuse("cannot resume", [&] {
    RunDirectory directory =
        options.running.resume->empty() ? last_run(options, job) : named_run(options, job);
    refuse_if_in_use(directory);
    return directory;
  });
}

RerunJob find_rerun(const Options& options) {
  return or_refuse("cannot run again", [&] {
    RerunJob found{.directory = find_run(base_of(options), options.run)};
    const RunSummary summary = RunReader(found.directory).summary();
    refuse_if_in_use(found.directory);
    if (summary.run.job_text.empty()) {
      throw RunError(fmt::format("run {}: {}", found.directory.id(), no_text(summary.run)));
    }
    const std::filesystem::path file =
        std::filesystem::absolute(summary.run.job_file).lexically_normal();
    found.job = parse_job_toml(summary.run.job_text, file.string(), file.parent_path().string());
    return found;
  });
}

}  // namespace procfarm::cli
