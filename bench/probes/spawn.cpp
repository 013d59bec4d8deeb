// SPDX-License-Identifier: MIT
// spawn.cpp - what the kernel takes to run programs: a bare posix_spawn loop, two at a time, with
// or without a pipe that takes the output of each; and whole command lines from start to exit, as a
// caller sees them.
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "../probe.hpp"

extern char** environ;

namespace {

using bench::Reply;
using bench::Request;

class Program {
 public:
  explicit Program(std::vector<std::string> words) : words_(std::move(words)) {
    for (std::string& word : words_) arguments_.push_back(word.data());
    arguments_.push_back(nullptr);
  }
  /// Starts it with these as its standard output and standard error.
  pid_t start(int out, int err) const {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out, 1);
    ::posix_spawn_file_actions_adddup2(&actions, err, 2);
    pid_t child = -1;
    const int error =
        ::posix_spawn(&child, arguments_[0], &actions, nullptr, arguments_.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error(fmt::format("cannot run {}", words_[0]));
    return child;
  }

 private:
  std::vector<std::string> words_;
  std::vector<char*> arguments_;
};

/// Lane of the loop: one command at a time. Keeps what a user of a job runner gets to see.
struct Running {
  pid_t child = -1;
  int out = -1;
  std::string captured{};
};

void start(const Program& program, Running& lane, bool capture, int nowhere) {
  std::array<int, 2> ends{-1, -1};
  if (capture && ::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const int out = capture ? ends[1] : nowhere;
  lane.child = program.start(out, out);
  lane.out = ends[0];
  lane.captured.clear();
  if (capture) ::close(ends[1]);
}

/// Waits for the end of it: of its output first, which it holds open until then.
void finish(Running& lane) {
  std::array<char, 4096> buffer;
  while (lane.out >= 0) {
    const ssize_t got = ::read(lane.out, buffer.data(), buffer.size());
    if (got <= 0) break;
    lane.captured.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (lane.out >= 0) ::close(lane.out);
  int status = 0;
  rusage used{};
  if (::wait4(lane.child, &status, 0, &used) != lane.child) throw std::runtime_error("wait4");
  bench::check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a command failed");
  lane.child = -1;
}

/// Which lane has something to read or has ended: the pipes say so, or waitid() does.
std::size_t next_done(std::vector<Running>& lanes, bool capture) {
  if (capture) {
    std::vector<pollfd> waits;
    for (const Running& lane : lanes) waits.push_back({lane.out, POLLIN, 0});
    ::poll(waits.data(), waits.size(), -1);
    for (std::size_t i = 0; i < lanes.size(); ++i)
      if (lanes[i].child >= 0 && waits[i].revents != 0) return i;
  }
  siginfo_t info{};
  ::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
  for (std::size_t i = 0; i < lanes.size(); ++i)
    if (lanes[i].child == info.si_pid) return i;
  throw std::runtime_error("an unknown child ended");
}

/// The loop that a careful programmer would write: `width` at a time, each replaced when it ends.
/// Each gets its number as its argument, as from the other runners: /bin/true does more with one.
Reply loop(const Request& request) {
  const std::uint64_t count = request.number("count");
  const bool capture = request.number("capture", 1) != 0;
  const std::string program = request.text("program", "/bin/true");
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  Reply reply = bench::timed(count, [&] {
    std::vector<Running> lanes(std::min(request.number("width", 2), count));
    std::uint64_t started = 0;
    for (Running& lane : lanes) {
      start(Program({program, std::to_string(started)}), lane, capture, nowhere);
      ++started;
    }
    for (std::uint64_t done = 0; done < count; ++done) {
      Running& lane = lanes[next_done(lanes, capture)];
      finish(lane);
      lane.out = -1;
      if (started == count) continue;
      start(Program({program, std::to_string(started)}), lane, capture, nowhere);
      ++started;
    }
  });
  ::close(nowhere);
  return reply;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  if (lines.empty()) throw std::runtime_error("nothing to run in " + path);
  return lines;
}

/// A whole command line, one word per line of the file `words`, in the directory `in`, its output
/// into the file `out` (default: nowhere). Start to exit, with the CPU time of all it waited for.
Reply run(const Request& request) {
  const Program program(lines_of(request.text("words")));
  const std::string out = request.text("out", "/dev/null");
  if (const std::string in = request.text("in"); !in.empty() && ::chdir(in.c_str()) != 0)
    throw std::runtime_error("cannot enter " + in);
  const int output = ::open(out.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (output < 0) throw std::runtime_error("cannot open " + out);
  const auto start = bench::Clock::now();
  const pid_t child = program.start(output, output);
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  const double seconds = bench::seconds_since(start);
  ::close(output);
  bench::check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a command line failed");
  const auto time = [](const timeval& value) {
    return static_cast<double>(value.tv_sec) + 1e-6 * static_cast<double>(value.tv_usec);
  };
  return {{"seconds", seconds},
          {"cpu", time(used.ru_utime) + time(used.ru_stime)},
          {"count", static_cast<double>(request.number("count", 1))}};
}

}  // namespace

int main(int argc, char** argv) { return bench::serve(argc, argv, {{"loop", loop}, {"run", run}}); }
