// SPDX-License-Identifier: MIT
// command_plan.cpp - `plan` and --dry-run: the job as it would be carried out, nothing else.
#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "commands.hpp"
#include "instance.hpp"
#include "job_check.hpp"
#include "job_jsonl.hpp"
#include "job_plan.hpp"
#include "job_toml.hpp"
#include "show_output.hpp"

namespace procfarm::cli {
namespace {

constexpr int exit_bad_rows = 2;

/// How many instances the task has, where the job itself tells.
std::optional<std::uint64_t> count_of(const Job& job, const TaskSpec& task) {
  if (!task.is_repeated()) return 1;
  if (task.matrix) return task.matrix->combinations.size();
  const ForeachKind kind = task.data->kind;
  if (kind != ForeachKind::range && kind != ForeachKind::values) return std::nullopt;
  return InstanceStream(job, task).count();
}

}  // namespace

Job read_whole_job(const std::string& path) {
  if (!is_jsonl_job(path)) return read_job_toml(path);
  JsonlJob stream(path);
  std::vector<TaskSpec> tasks;
  while (auto task = stream.next()) tasks.push_back(std::move(*task));
  Job job = stream.job();
  job.tasks = std::move(tasks);
  return job;
}

int print_plan(const Job& job, const std::vector<std::string>& only, bool json) {
  Selectors selectors(only);
  for (const TaskSpec& task : job.tasks) (void)selectors.select(task, count_of(job, task));
  const auto unmatched = selectors.unmatched();
  if (!unmatched.empty()) throw std::invalid_argument(nothing_selected(unmatched.front()));
  const PlanFilter filter = [&selectors](const TaskSpec& task, std::uint64_t index) {
    const auto ranges = selectors.select(task, std::nullopt);
    return ranges && (ranges->empty() ||
                      std::any_of(ranges->begin(), ranges->end(), [index](const auto& range) {
                        return index >= range.first && index <= range.second;
                      }));
  };
  return show_guarded({}, [&](ShowOutput& out) {
    const PlanSink sink = [&out](std::string_view line) { out.put(line); };
    const bool all_good = json ? plan_json(job, sink, filter) : plan_text(job, sink, filter);
    return all_good ? 0 : exit_bad_rows;
  });
}

int command_plan(const Options& options) {
  const Job job = read_whole_job(options.job);
  check_job(job, {.jobs = options.running.jobs.value_or(0)});
  return print_plan(job, options.running.only, options.json || options.running.json);
}

}  // namespace procfarm::cli
