// SPDX-License-Identifier: MIT
// row_counter.cpp - reads the data like the run does, and forgets it.
#include "row_counter.hpp"

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "instance.hpp"

namespace procfarm::cli {
namespace {

constexpr off_t small_size = 64 * 1024;

/// Nothing if it was stopped or cannot be read: then the run itself will tell why.
std::optional<std::uint64_t> count_rows(const Job& job, const TaskSpec& task,
                                        const std::stop_token& stop) {
  try {
    const std::unique_ptr<Source> source = open_source(job, task);
    std::uint64_t count = 0;
    while (!stop.stop_requested() && source->next()) ++count;
    if (stop.stop_requested()) return std::nullopt;
    return count;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

/// The job file itself says that there is nothing.
bool is_written_empty(const Job& job, const TaskSpec& task) {
  if (task.matrix) return task.matrix->combinations.empty();
  const bool is_written = task.data && (task.data->kind == ForeachKind::range ||
                                        task.data->kind == ForeachKind::values);
  return is_written && open_source(job, task)->count_hint() == std::uint64_t{0};
}

}  // namespace

RowCounter::RowCounter(std::shared_ptr<const Job> job, std::vector<Task> tasks, EventQueue& events)
    : thread_([job = std::move(job), tasks = std::move(tasks), &events](std::stop_token stop) {
        for (const auto& [number, task] : tasks) {
          if (const auto count = count_rows(*job, *task, stop)) events.rows_counted(number, *count);
        }
      }) {}

std::optional<std::uint64_t> count_if_small(const Job& job, const TaskSpec& task) {
  if (is_written_empty(job, task)) return 0;
  struct stat status {};
  const bool is_glob = !task.data || task.data->kind == ForeachKind::glob;
  if (is_glob || ::stat(job.absolute(task.data->path).c_str(), &status) != 0 ||
      !S_ISREG(status.st_mode) || status.st_size > small_size) {
    return std::nullopt;
  }
  return count_rows(job, task, {});
}

bool can_be_counted(const Job& job, const TaskSpec& task) {
  if (is_written_empty(job, task)) return true;
  if (!task.data || task.data->path.empty() || task.data->path == "-") return false;
  if (task.data->kind == ForeachKind::glob) return true;
  struct stat status {};
  const std::string path = job.absolute(task.data->path);
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace procfarm::cli
