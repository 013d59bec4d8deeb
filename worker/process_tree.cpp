// SPDX-License-Identifier: MIT
// process_tree.cpp - see process_tree.hpp. Signals go through pidfds that are checked after
// opening: a pid that was read from /proc may belong to somebody else by the time it is used.
#include "process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm::serving {

namespace {

using Clock = std::chrono::steady_clock;
using wire::UniqueFd;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

/// Whole content of a small file of /proc; empty if it cannot be read.
std::string read_proc(const std::string& path) {
  std::string text;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

std::vector<pid_t> numbers_in(const std::string& text) {
  std::vector<pid_t> numbers;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    pid_t number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error == std::errc{}) numbers.push_back(number);
    at = next == at ? at + 1 : next;
  }
  return numbers;
}

std::vector<pid_t> numbered_entries(const std::string& path) {
  std::vector<pid_t> numbers;
  const Directory directory(::opendir(path.c_str()));
  if (!directory) return numbers;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
      numbers.push_back(std::atoi(entry->d_name));
  }
  return numbers;
}

std::string proc_path(pid_t pid) { return "/proc/" + std::to_string(pid); }

struct ProcessState {
  char letter = 'X';
  pid_t parent = 0;
};

std::optional<ProcessState> state_of(pid_t pid) {
  const std::string text = read_proc(proc_path(pid) + "/stat");
  const std::size_t name_end = text.rfind(')');  // the name may contain anything, ')' too
  ProcessState state;
  if (name_end == std::string::npos) return std::nullopt;
  if (std::sscanf(text.c_str() + name_end + 1, " %c %d", &state.letter, &state.parent) != 2)
    return std::nullopt;
  return state;
}

/// A process whose first thread has left looks like a zombie while others run.
bool is_running(pid_t pid, const ProcessState& state) {
  if (state.letter == 'X') return false;
  return state.letter != 'Z' || numbered_entries(proc_path(pid) + "/task").size() > 1;
}

/// For kernels without /proc/PID/task/TID/children.
std::vector<pid_t> children_by_search(pid_t parent) {
  std::vector<pid_t> children;
  for (const pid_t pid : numbered_entries("/proc")) {
    const auto state = state_of(pid);
    if (state && state->parent == parent) children.push_back(pid);
  }
  return children;
}

UniqueFd open_pidfd(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

void signal_through(const UniqueFd& pidfd, int signal) {
  ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0);
}

/// Signals those that are still below `root` and returns their pidfds.
std::vector<UniqueFd> signal_each(const std::vector<Process>& processes, pid_t root, int signal) {
  std::unordered_set<pid_t> ours{root};
  for (const Process& process : processes) ours.insert(process.pid);
  std::vector<UniqueFd> signalled;
  for (const Process& process : processes) {
    UniqueFd pidfd = open_pidfd(process.pid);
    const auto state = state_of(process.pid);
    if (!state || ours.count(state->parent) == 0) continue;
    if (!pidfd) {  // out of descriptors: better a small risk than a survivor
      ::kill(process.pid, signal);
      continue;
    }
    signal_through(pidfd, signal);
    signalled.push_back(std::move(pidfd));
  }
  return signalled;
}

void wait_until_dead(const std::vector<UniqueFd>& pidfds, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  for (const UniqueFd& pidfd : pidfds) {
    pollfd item{pidfd.get(), POLLIN, 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return;
    ::poll(&item, 1, static_cast<int>(left.count()));
  }
}

/// A group stop is complete only when each thread has noticed it; until then it may still fork.
void stop_and_wait(pid_t pid) {
  if (::kill(pid, SIGSTOP) != 0) return;
  for (int i = 0; i < 500; ++i) {
    const auto state = state_of(pid);
    if (!state || std::strchr("TtZX", state->letter) != nullptr) return;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

}  // namespace

std::vector<pid_t> children_of(pid_t pid) {
  static const bool kernel_lists_them = ::access("/proc/thread-self/children", F_OK) == 0;
  if (!kernel_lists_them) return children_by_search(pid);
  std::vector<pid_t> children;
  const std::string tasks = proc_path(pid) + "/task";
  for (const pid_t thread : numbered_entries(tasks)) {
    const auto some = numbers_in(read_proc(tasks + '/' + std::to_string(thread) + "/children"));
    children.insert(children.end(), some.begin(), some.end());
  }
  return children;
}

bool is_running(pid_t pid) {
  const auto state = state_of(pid);
  return state && is_running(pid, *state);
}

std::vector<Process> running_below(pid_t root, pid_t except) {
  std::vector<Process> found;
  std::vector<pid_t> parents{root};
  while (!parents.empty()) {
    const pid_t parent = parents.back();
    parents.pop_back();
    for (const pid_t child : children_of(parent)) {
      if (child == except) continue;
      const auto state = state_of(child);
      if (!state || !is_running(child, *state)) continue;
      found.push_back({child, parent});
      parents.push_back(child);
    }
  }
  return found;
}

bool kill_below(pid_t root, std::chrono::milliseconds limit, pid_t except) {
  const auto deadline = Clock::now() + limit;
  // The kernel's list can miss an entry while others are reaped, so one quiet look is not enough.
  for (int quiet = 0; quiet < 2;) {
    const auto running = running_below(root, except);
    quiet = running.empty() ? quiet + 1 : 0;
    if (running.empty()) continue;
    if (Clock::now() >= deadline) return false;
    wait_until_dead(signal_each(running, root, SIGKILL), std::chrono::milliseconds(20));
  }
  return true;
}

void kill_tree(pid_t root, std::chrono::milliseconds limit, pid_t except) {
  stop_and_wait(root);
  kill_below(root, limit, except);
  ::kill(root, SIGKILL);
}

void signal_below(pid_t root, int signal, bool (*spared)(pid_t group)) {
  std::unordered_set<pid_t> done;
  for (int pass = 0; pass < 100; ++pass) {
    auto running = running_below(root);
    std::erase_if(running,
                  [&done](const Process& process) { return done.count(process.pid) != 0; });
    if (running.empty()) return;
    for (const Process& process : running) done.insert(process.pid);
    for (const Process& process : running) {
      const UniqueFd pidfd = open_pidfd(process.pid);
      const auto state = state_of(process.pid);
      const bool ours = state && (state->parent == root || done.count(state->parent) != 0);
      if (spared != nullptr && spared(::getpgid(process.pid))) continue;
      if (pidfd && ours) signal_through(pidfd, signal);
    }
  }
}

std::uint64_t resident_memory(pid_t root) {
  static const auto page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  auto processes = running_below(root);
  processes.push_back({root, 0});
  std::uint64_t pages = 0;
  for (const Process& process : processes) {
    const auto columns = numbers_in(read_proc(proc_path(process.pid) + "/statm"));
    if (columns.size() > 1) pages += static_cast<std::uint64_t>(columns[1]);
  }
  return pages * page_size;
}

}  // namespace procfarm::serving
