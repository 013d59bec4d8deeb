// SPDX-License-Identifier: MIT
// tool_process.cpp - posix_spawn through /bin/sh, which changes the directory and redirects.
#include "tool_process.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace procfarm::cli {
namespace {

constexpr const char* launch_script =
    "cd \"$1\" && in=$2 out=$3 err=$4 && shift 4 && exec \"$@\" <\"$in\" >\"$out\" 2>\"$err\"";

std::string tool_path() {
  const char* path = std::getenv("PROCFARM_TOOL");
  if (path == nullptr) throw std::runtime_error("PROCFARM_TOOL is not set");
  return path;
}

}  // namespace

std::string ToolBench::read(const std::string& name) const {
  std::ifstream file(path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool ToolBench::exists(const std::string& name) const {
  return std::filesystem::exists(path(name));
}

ToolProcess::ToolProcess(const ToolBench& bench, std::vector<std::string> arguments,
                         ToolSetup setup)
    : bench_(bench), setup_(std::move(setup)) {
  bench.write(".input", setup_.input);
  std::vector<std::string> words{"sh",
                                 "-c",
                                 launch_script,
                                 "sh",
                                 bench.path(""),
                                 bench.path(".input"),
                                 setup_.out_path.empty() ? bench.path(".out") : setup_.out_path,
                                 setup_.err_path.empty() ? bench.path(".err") : setup_.err_path,
                                 "env"};
  words.insert(words.end(), setup_.environment.begin(), setup_.environment.end());
  words.push_back(tool_path());
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int error = ::posix_spawn(&pid_, "/bin/sh", nullptr, nullptr, argv.data(), environ);
  if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawn");
}

ToolProcess::~ToolProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void ToolProcess::send(int signal) const { ::kill(pid_, signal); }
std::string ToolProcess::out() const { return bench_.read(".out"); }
std::string ToolProcess::err() const { return bench_.read(".err"); }

ToolResult ToolProcess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
  constexpr int signal_base = 128;
  return {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : signal_base + WTERMSIG(status),
          .out = out(),
          .err = err()};
}

ToolResult run_tool(const ToolBench& bench, std::vector<std::string> arguments, ToolSetup setup) {
  return ToolProcess(bench, std::move(arguments), std::move(setup)).wait();
}

ToolResult run_job(const ToolBench& bench, const std::string& job, std::vector<std::string> more) {
  bench.write("job.toml", job);
  std::vector<std::string> arguments{"run", "job.toml", "-j", "2"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tool(bench, std::move(arguments));
}

void clean_up_after_killed_tools(const ToolBench& bench) {
  run_tool(bench, {"each", "-", "--no-db", "--", "true"}, {.input = "x\n"});
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace procfarm::cli
