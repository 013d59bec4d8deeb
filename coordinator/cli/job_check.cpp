// SPDX-License-Identifier: MIT
// job_check.cpp - tasks among each other: names, needs, cycles, pools, places and modules. Files
// and placeholders are in job_check_files.cpp and job_check_placeholders.cpp.
#include "job_check.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "instance.hpp"

namespace procfarm::cli {
namespace {

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& entry : map) names.push_back(entry.first);
  return names;
}

/// How many instances there are, if that is in the job file.
std::optional<std::uint64_t> written_count(const Job& job, const TaskSpec& task) {
  if (task.matrix) return task.matrix->combinations.size();
  if (!task.data) return 1;
  const bool is_written =
      task.data->kind == ForeachKind::range || task.data->kind == ForeachKind::values;
  return is_written ? open_source(job, task)->count_hint() : std::nullopt;
}

/// Tasks that can never start, for they wait for each other or for one that does.
std::set<std::size_t> stuck_tasks(const Job& job,
                                  const std::unordered_map<std::string, std::size_t>& numbers) {
  std::vector<std::size_t> open_needs(job.tasks.size());
  std::vector<std::vector<std::size_t>> dependents(job.tasks.size());
  std::set<std::size_t> stuck;
  std::vector<std::size_t> ready;
  for (std::size_t number = 0; number < job.tasks.size(); ++number) {
    stuck.insert(number);
    for (const Need& need : job.tasks[number].needs) {
      dependents[numbers.at(need.task)].push_back(number);
    }
    open_needs[number] = job.tasks[number].needs.size();
    if (open_needs[number] == 0) ready.push_back(number);
  }
  while (!ready.empty()) {
    const std::size_t number = ready.back();
    ready.pop_back();
    stuck.erase(number);
    for (const std::size_t dependent : dependents[number]) {
      if (--open_needs[dependent] == 0) ready.push_back(dependent);
    }
  }
  return stuck;
}

}  // namespace

void JobChecker::declare(const TaskSpec& task) {
  const Known known{.repeated = task.is_repeated(),
                    .is_function = task.action.kind == ActionKind::function,
                    .output = task.standard_output.value_or(OutputTarget{}).kind,
                    .count = written_count(job_, task),
                    .position = task.position};
  const auto [other, is_new] = known_.emplace(task.name, known);
  if (!is_new) {
    throw JobError(task.position_of("name"), fmt::format("task '{}' is defined twice", task.name),
                   "first at " + to_string(other->second.position));
  }
  for (const Template& path : task.outputs) declare_path(task, path, "outputs");
  const auto declare_stream = [&](const std::optional<OutputTarget>& target, const char* key) {
    if (target && target->kind == TargetKind::file) declare_path(task, target->path, key);
  };
  declare_stream(task.standard_output, "stdout");
  declare_stream(task.standard_error, "stderr");
}

void JobChecker::check(const TaskSpec& task) {
  check_needs(task);
  check_places(task);
  check_module(task);
  check_standard_input(task);
  check_files(task);
  check_placeholders(task);
}

void JobChecker::check_needs(const TaskSpec& task) const {
  for (const Need& need : task.needs) {
    if (need.task == task.name) {
      throw JobError(need.position, fmt::format("task '{}' needs itself", task.name));
    }
    const auto other = known_.find(need.task);
    if (other == known_.end()) {
      throw JobError(need.position,
                     fmt::format("task '{}' needs unknown task '{}'", task.name, need.task),
                     suggest(need.task, names_of(known_)));
    }
    if (need.match == Match::same) check_same_index(task, need, other->second);
  }
}

void JobChecker::check_same_index(const TaskSpec& task, const Need& need,
                                  const Known& other) const {
  if (!task.is_repeated() || !other.repeated) {
    throw JobError(need.position,
                   fmt::format("match = \"same\" between '{}' and '{}': '{}' is not repeated",
                               task.name, need.task, task.is_repeated() ? need.task : task.name),
                   "use match = \"all\"");
  }
  const auto own_count = known_.find(task.name)->second.count;
  if (own_count && other.count && *own_count != *other.count) {
    throw JobError(need.position,
                   fmt::format("match = \"same\": '{}' has {} instances, but '{}' has {}",
                               task.name, *own_count, need.task, *other.count));
  }
}

void JobChecker::check_places(const TaskSpec& task) const {
  if (!task.pool.empty() && job_.pools.count(task.pool) == 0) {
    throw JobError(
        task.position_of("pool"),
        fmt::format("task '{}' uses unknown pool '{}'", task.name, task.pool),
        job_.pools.empty() ? "[pools] names them" : suggest(task.pool, names_of(job_.pools)));
  }
  if (options_.jobs > 0 && task.cpus && *task.cpus > options_.jobs) {
    throw JobError(task.position_of("cpus"),
                   fmt::format("task '{}' takes {} places, but with -j {} there are not so many",
                               task.name, *task.cpus, options_.jobs),
                   "lower cpus or raise -j");
  }
}

void JobChecker::check_module(const TaskSpec& task) const {
  const Action& action = task.action;
  if (action.kind != ActionKind::function || job_.modules.count(action.module) != 0) return;
  throw JobError(task.position_of("function"),
                 fmt::format("task '{}' calls '{}.{}', but there is no module '{}'", task.name,
                             action.module, action.function, action.module),
                 job_.modules.empty() ? "[modules] names them"
                                      : suggest(action.module, names_of(job_.modules)));
}

void check_modules(const Job& job) {
  for (const auto& [name, module] : job.modules) {
    const std::string path = job.absolute(module.path);
    struct stat status {};
    const int error = ::stat(path.c_str(), &status) != 0 ? errno
                      : S_ISREG(status.st_mode)          ? 0
                                                         : EISDIR;
    if (error == 0) continue;
    throw JobError(module.position,
                   error == EISDIR
                       ? fmt::format("module '{}': {} is no regular file", name, path)
                       : fmt::format("module '{}': {}: {}", name, path, std::strerror(error)));
  }
}

void check_cycles(const Job& job) {
  std::unordered_map<std::string, std::size_t> numbers;
  for (const TaskSpec& task : job.tasks) numbers.emplace(task.name, numbers.size());
  const std::set<std::size_t> stuck = stuck_tasks(job, numbers);
  if (stuck.empty()) return;
  // Each of these needs another of these, so that this walk must come back to where it was.
  std::vector<const Need*> walk;
  std::vector<std::size_t> passed{*stuck.begin()};
  while (true) {
    const auto& needs = job.tasks[passed.back()].needs;
    const auto next = std::find_if(needs.begin(), needs.end(), [&](const Need& need) {
      return stuck.count(numbers.at(need.task)) != 0;
    });
    walk.push_back(&*next);
    const std::size_t number = numbers.at(next->task);
    const auto before = std::find(passed.begin(), passed.end(), number);
    if (before == passed.end()) {
      passed.push_back(number);
      continue;
    }
    std::string cycle;
    for (auto step = before; step != passed.end(); ++step) cycle += job.tasks[*step].name + " -> ";
    cycle += job.tasks[number].name;
    throw JobError(walk[static_cast<std::size_t>(before - passed.begin())]->position,
                   "cycle of needs: " + cycle);
  }
}

void check_job(const Job& job, const CheckOptions& options) {
  check_modules(job);
  JobChecker checker(job, options);
  for (const TaskSpec& task : job.tasks) checker.declare(task);
  for (const TaskSpec& task : job.tasks) checker.check(task);
  check_cycles(job);
}

}  // namespace procfarm::cli
