// SPDX-License-Identifier: MIT
// process_tree.cpp - reads /proc; a process that ends meanwhile is simply left out.
#include "support/process_tree.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace support {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_processes_shown = 24;

// Empty when its process is gone, also when it goes while this reads: then read() fails with ESRCH,
// which a stream buffer throws and a stream's own input turns into a flag.
std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  for (char character; file.get(character);) text += character;
  return text;
}

std::vector<fs::path> entries(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    found.push_back(entry->path());
  }
  return found;
}

fs::path directory_of(pid_t pid) { return fs::path("/proc") / std::to_string(pid); }

void print_from_proc(pid_t pid) {
  for (const fs::path& thread : entries(directory_of(pid) / "task")) {
    std::printf("  thread %s (%s) waits in %s\n%s", thread.filename().c_str(),
                read_file(thread / "comm").c_str(), read_file(thread / "wchan").c_str(),
                read_file(thread / "stack").c_str());
  }
}

bool print_with_gdb(pid_t pid) {
  std::fflush(stdout);
  const std::string line =
      "timeout 20 gdb -nx -batch -ex 'set pagination off' -ex 'thread apply all backtrace 16' -p " +
      std::to_string(pid) + " 2>/dev/null </dev/null";
  return std::system(line.c_str()) == 0;
}

}  // namespace

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for (const fs::path& thread : entries(directory_of(pid) / "task")) {
    std::istringstream list(read_file(thread / "children"));
    for (pid_t child = 0; list >> child;) children.push_back(child);
  }
  std::sort(children.begin(), children.end());
  return children;
}

std::vector<pid_t> tree_of(pid_t pid) {
  std::vector<pid_t> tree{pid};
  for (std::size_t next = 0; next < tree.size(); ++next) {
    const std::vector<pid_t> children = children_of(tree[next]);
    tree.insert(tree.end(), children.begin(), children.end());
  }
  return tree;
}

std::string describe_process(pid_t pid) {
  std::string command = read_file(directory_of(pid) / "cmdline");
  std::replace(command.begin(), command.end(), '\0', ' ');
  const std::string stat = read_file(directory_of(pid) / "stat");
  const auto state = stat.rfind(") ");
  std::string line = "process " + std::to_string(pid);
  if (state != std::string::npos) line += std::string(" [") + stat[state + 2] + "]";
  return line + " " + (command.empty() ? read_file(directory_of(pid) / "comm") : command);
}

void print_all_stacks() {
  // Where ptrace is restricted, gdb, our child, may look at us only if we allow it.
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  std::vector<pid_t> tree = tree_of(::getpid());
  if (tree.size() > most_processes_shown) tree.resize(most_processes_shown);
  for (const pid_t pid : tree) std::printf("%s\n", describe_process(pid).c_str());
  for (const pid_t pid : tree) {
    std::printf("\n== %s\n", describe_process(pid).c_str());
    if (!print_with_gdb(pid)) print_from_proc(pid);
  }
  std::fflush(stdout);
}

}  // namespace support
