// SPDX-License-Identifier: MIT
// farm.cpp - files in the private temporary directory carry what tests and tasks tell each other.
#include "farm.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace farm {
namespace {

namespace fs = std::filesystem;

constexpr auto look_again = 1ms;

std::string new_file_name(const std::string& kind) {
  static std::atomic<int> count{0};
  return fs::temp_directory_path() /
         (kind + "-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
}

void append(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("cannot open " + path);
  const auto written = ::write(file, text.data(), text.size());
  ::close(file);
  if (written != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("cannot write " + path);
}

}  // namespace

Gate::Gate() : path_(new_file_name("gate")) {}
Gate::~Gate() { ::unlink(path_.c_str()); }
void Gate::open() const { append(path_, ""); }

Journal::Journal() : path_(new_file_name("journal")) {}
Journal::~Journal() { ::unlink(path_.c_str()); }

std::vector<std::string> Journal::lines() const {
  std::vector<std::string> lines;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> Journal::await(std::size_t count) const {
  CHECK(eventually([&] { return lines().size() >= count; }));
  return lines();
}

int doubled(int value) { return 2 * value; }

int process_id() { return ::getpid(); }

std::string note(const std::string& journal, const std::string& line) {
  append(journal, line + "\n");
  return line;
}

int pass(const std::string& gate) {
  while (!fs::exists(gate)) std::this_thread::sleep_for(look_again);
  return ::getpid();
}

int note_and_pass(const std::string& journal, const std::string& gate, int value) {
  note(journal, std::to_string(::getpid()));
  pass(gate);
  return value;
}

void run_for_ever(const std::string& journal) {
  ::signal(SIGTERM, SIG_IGN);
  note(journal, std::to_string(::getpid()));
  for (;;) ::pause();
}

int leave_daemon(const std::string& journal) {
  const pid_t middle = ::fork();
  if (middle == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    ::signal(SIGTERM, SIG_IGN);
    append(journal, std::to_string(::getpid()) + "\n");
    for (;;) ::pause();
  }
  ::waitpid(middle, nullptr, 0);
  std::string line;
  while (!(std::ifstream(journal) >> line)) std::this_thread::sleep_for(look_again);
  return std::stoi(line);
}

bool alive(pid_t pid) {
  std::string stat;  // empty, without an exception, if it ends while we read
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
  const auto state = stat.rfind(") ");
  return state != std::string::npos && stat[state + 2] != 'Z' && stat[state + 2] != 'X';
}

bool ends(pid_t pid) {
  return eventually([&] { return !alive(pid); });
}

std::vector<pid_t> pids_in(const Journal& journal, std::size_t count) {
  std::vector<pid_t> pids;
  for (const std::string& line : journal.await(count)) pids.push_back(std::stoi(line));
  return pids;
}

bool holds(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return true;
  MESSAGE("\"" << part << "\" is not in \"" << text << "\"");
  return false;
}

}  // namespace farm
