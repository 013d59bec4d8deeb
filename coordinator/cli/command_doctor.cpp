// SPDX-License-Identifier: MIT
// command_doctor.cpp - `doctor`: the findings about the machine, then what only a try tells: that a
// worker runs a command, and that the job's modules can be loaded and have its functions.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include <procfarm/command.hpp>
#include <procfarm/errors.hpp>
#include <procfarm/options.hpp>

#include "commands.hpp"
#include "diagnostic.hpp"
#include "doctor.hpp"
#include "job_check.hpp"
#include "launcher.hpp"
#include "machine_facts.hpp"
#include "show_output.hpp"
#include "signature.hpp"
#include "value.hpp"

namespace procfarm::cli {
namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::size_t finding_width = 9;
constexpr std::size_t name_width = 12;

Check try_worker() {
  Check check{.name = "workers", .text = "a worker runs a command"};
  try {
    const auto begin = std::chrono::steady_clock::now();
    ProcessPoolExecutor pool(ProcessPoolOptions{.max_workers = 1});
    pool.submit<run_command>(Command{.argv = {"/bin/true"}}).result();
    check.text += fmt::format(", after {:.0f} ms", std::chrono::duration<double, std::milli>(
                                                       std::chrono::steady_clock::now() - begin)
                                                       .count());
  } catch (const std::exception& error) {
    check.finding = Finding::problem;
    check.text = error.what();
    check.advice = "without workers nothing runs";
  }
  return check;
}

std::vector<FunctionSignature> signatures_of(const ModuleDescription& description) {
  std::vector<FunctionSignature> signatures;
  for (const ModuleFunction& function : description.functions) {
    FunctionSignature& signature = signatures.emplace_back();
    signature.name = function.name;
    signature.result = function.result;
    for (const ModuleParameter& parameter : function.parameters) {
      signature.parameters.push_back({parameter.name, parameter.type});
    }
  }
  return signatures;
}

/// Loads the module in a worker, and holds each task that calls into it against what is there.
Check check_module(const Job& job, const std::string& name) {
  const std::string path = job.absolute(job.modules.at(name).path);
  Check check{.name = "module " + name, .text = path};
  try {
    EventQueue events;
    Launcher launcher(1, events);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const ModuleDescription description = launcher.describe(
        path, [deadline] { return std::chrono::steady_clock::now() >= deadline; });
    launcher.shutdown();
    const auto signatures = signatures_of(description);
    for (const TaskSpec& task : job.tasks) {
      const bool calls = task.action.kind == ActionKind::function && task.action.module == name;
      if (calls) (void)check_arguments(task, signatures);
    }
    check.text += fmt::format(": {} functions", signatures.size());
  } catch (const CancelledError&) {
    check.finding = Finding::problem;
    check.text += fmt::format(": does not answer within {} s", patience.count());
    check.advice = "what it does when it is loaded takes too long";
  } catch (const std::exception& error) {
    check.finding = Finding::problem;
    check.text = error.what();
    check.advice = "build it anew, or correct [modules]";
  }
  return check;
}

void check_job_file(const Options& options, int jobs, std::vector<Check>& checks) {
  Check check{.name = "job", .text = options.job};
  try {
    const Job job = read_whole_job(options.job);
    for (const auto& [name, module] : job.modules) checks.push_back(check_module(job, name));
    check_job(job, {.jobs = jobs});
    check.text += fmt::format(": {} tasks", job.tasks.size());
  } catch (const std::exception& error) {
    check.finding = Finding::problem;
    check.text = error.what();
    check.advice = "correct it; nothing of it would run";
  }
  checks.push_back(std::move(check));
}

std::string line_of(const Check& check) {
  std::string line = fmt::format("{:<{}}{:<{}}{}", finding_name(check.finding), finding_width,
                                 check.name, name_width, escape_control(check.text));
  if (check.name.size() >= name_width) {
    line = fmt::format("{:<{}}{}: {}", finding_name(check.finding), finding_width, check.name,
                       escape_control(check.text));
  }
  return line + (check.advice.empty() ? "\n" : fmt::format(" ({})\n", check.advice));
}

Value json_of(const std::vector<Check>& checks, int jobs, std::size_t problems) {
  Value json{{"jobs", jobs}, {"problems", problems}, {"checks", Value::array()}};
  for (const Check& check : checks) {
    Value line{
        {"check", check.name}, {"finding", finding_name(check.finding)}, {"text", check.text}};
    if (!check.advice.empty()) line["advice"] = check.advice;
    json["checks"].push_back(std::move(line));
  }
  return json;
}

}  // namespace

int command_doctor(const Options& options) {
  const int jobs = options.running.jobs.value_or(usable_cpus());
  std::vector<Check> checks =
      judge(machine_facts(jobs, options.directory.empty() ? "." : options.directory));
  checks.push_back(try_worker());
  if (!options.job.empty()) check_job_file(options, jobs, checks);
  const auto problems =
      static_cast<std::size_t>(std::count_if(checks.begin(), checks.end(), [](const Check& check) {
        return check.finding == Finding::problem;
      }));
  return show_guarded({}, [&](ShowOutput& out) {
    if (options.json) {
      out.put(json_text(json_of(checks, jobs, problems)) + "\n");
    } else {
      for (const Check& check : checks) out.put(line_of(check));
    }
    return problems == 0 ? 0 : 1;
  });
}

}  // namespace procfarm::cli
