// SPDX-License-Identifier: MIT
// run_command_test.cpp - what a command is given, what comes back, and how it ends. In this
// process, without a worker.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>

#include <procfarm/command.hpp>

#include "cli/scratch_directory.hpp"
#include "support/patience.hpp"

using namespace procfarm;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// Its files have modes.
class Scratch : public cli::ScratchDirectory {
 public:
  std::string file(const std::string& name) const { return *this / name; }
  std::string write(const std::string& name, const std::string& text, mode_t mode) const {
    const std::string path = ScratchDirectory::write(name, text);
    ::chmod(path.c_str(), mode);
    return path;
  }
};

std::string content(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

CommandResult shell(const std::string& line) { return run_command({.shell = line}); }

bool is_alive(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("a command's output, error and exit code come back apart") {
  const auto result = shell("echo out; echo err >&2; exit 7");
  CHECK(result.out == "out\n");
  CHECK(result.err == "err\n");
  CHECK(result.exit_code == 7);
  CHECK(result.signal == 0);
}

TEST_CASE("argv is passed as it is, without a shell") {
  const auto result = run_command({.argv = {"printf", "%s|", "a b", "$(id)", "", "*", "\"'\n"}});
  CHECK(result.out == "a b|$(id)||*|\"'\n|");
}

TEST_CASE("arguments of a shell line are its positional parameters") {
  const auto result =
      run_command({.shell = "echo \"$0 $1 $2\"", .shell_arguments = {"; exit 9", "$HOME"}});
  CHECK(result.out == "procfarm ; exit 9 $HOME\n");
  CHECK(result.exit_code == 0);
}

TEST_CASE("a command that is ended by a signal says which") {
  const auto result = shell("kill -SEGV $$");
  CHECK(result.signal == SIGSEGV);
  CHECK(result.exit_code == -1);
}

TEST_CASE("a missing program is exit code 127 with the reason") {
  const auto result = run_command({.argv = {"no-such-program-here", "x"}});
  CHECK(result.exit_code == 127);
  CHECK(result.err.find("'no-such-program-here'") != std::string::npos);
  CHECK(result.err.find("No such file") != std::string::npos);
  CHECK(run_command({.argv = {"/no/such/path"}}).exit_code == 127);
  CHECK(run_command({.argv = {""}}).exit_code == 127);
}

TEST_CASE("what cannot be executed is exit code 126 with the reason") {
  const Scratch scratch;
  const auto plain = scratch.write("plain", "text", 0644);
  CHECK(run_command({.argv = {plain}}).exit_code == 126);
  const auto garbage = scratch.write("garbage",
                                     "\x7f"
                                     "ELFnonsense",
                                     0755);
  const auto result = run_command({.argv = {garbage}});
  CHECK(result.exit_code == 126);
  CHECK(result.err.find("Exec format error") != std::string::npos);
  CHECK(run_command({.argv = {"echo", std::string(256 * 1024, 'x')}}).exit_code == 126);
}

TEST_CASE("a missing directory is told apart from a missing program") {
  const auto result = run_command({.argv = {"true"}, .cwd = "/no/such/directory"});
  CHECK(result.exit_code == 126);
  CHECK(result.err.find("directory '/no/such/directory'") != std::string::npos);
}

TEST_CASE("a command runs in its directory and finds relative programs there") {
  const Scratch scratch;
  scratch.write("hello", "#!/bin/sh\npwd\n", 0755);
  const auto real = fs::canonical(scratch.path()).string() + "\n";
  CHECK(run_command({.argv = {"./hello"}, .cwd = scratch.path()}).out == real);
  CHECK(run_command({.argv = {"hello"}, .env = {{"PATH", "."}}, .cwd = scratch.path()}).out ==
        real);
}

TEST_CASE("programs are looked up in the command's own PATH") {
  const Scratch scratch;
  scratch.write("mine", "#!/bin/sh\necho found\n", 0755);
  CHECK(run_command({.argv = {"mine"}}).exit_code == 127);
  CHECK(run_command({.argv = {"mine"}, .env = {{"PATH", "/nowhere:" + scratch.path()}}}).out ==
        "found\n");
  ::chmod(scratch.file("mine").c_str(), 0644);
  CHECK(run_command({.argv = {"mine"}, .env = {{"PATH", scratch.path()}}}).exit_code == 126);
}

TEST_CASE("the environment may be none at all") {
  char** const ours = environ;
  environ = nullptr;  // as clearenv() leaves it
  const CommandResult result = run_command({.argv = {"/usr/bin/env"}, .env = {{"A", "1"}}});
  environ = ours;
  CHECK(result.out == "A=1\n");
}

TEST_CASE("the environment is ours with changes, or only what is given") {
  ::setenv("PROCFARM_TEST_VARIABLE", "ours", 1);
  CHECK(shell("echo $PROCFARM_TEST_VARIABLE").out == "ours\n");
  CHECK(run_command(
            {.shell = "echo $PROCFARM_TEST_VARIABLE", .env = {{"PROCFARM_TEST_VARIABLE", "new"}}})
            .out == "new\n");
  CHECK(run_command({.argv = {"/usr/bin/env"}, .env = {{"A", "1"}}, .env_clear = true}).out ==
        "A=1\n");
  // Each variable once, and not one for another that only begins like it.
  const Command listed{.shell = "/usr/bin/env | grep '^PROCFARM_TEST_VAR'",
                       .env = {{"PROCFARM_TEST_VARIABLE", "new"}, {"PROCFARM_TEST_VAR", ""}}};
  const std::string lines = run_command(listed).out;
  CHECK(lines.find("PROCFARM_TEST_VARIABLE=new\n") != std::string::npos);
  CHECK(lines.find("PROCFARM_TEST_VAR=\n") != std::string::npos);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
  ::unsetenv("PROCFARM_TEST_VARIABLE");
}

TEST_CASE("input is a text, a file or nothing") {
  const Scratch scratch;
  const std::string text(300'000, 'x');
  CHECK(run_command({.argv = {"wc", "-c"}, .stdin_text = text}).out == "300000\n");
  scratch.write("input", "from a file", 0644);
  CHECK(run_command({.argv = {"cat"}, .stdin_file = scratch.file("input")}).out == "from a file");
  CHECK(shell("readlink /proc/self/fd/0").out == "/dev/null\n");
  CHECK_THROWS_AS(run_command({.argv = {"cat"}, .stdin_file = "/no/such/file"}), std::system_error);
}

TEST_CASE("ten megabytes on both streams at once do not block") {
  const auto result = shell("head -c 10485760 /dev/zero & head -c 10485760 /dev/zero >&2; wait");
  CHECK(result.exit_code == 0);
  CHECK(result.out.size() == 10485760);
  CHECK(result.err.size() == 10485760);
}

TEST_CASE("a command may reopen its streams by name") {
  const auto result = shell("echo one >&2; echo two > /dev/stderr; echo three >&2");
  CHECK(result.err == "one\ntwo\nthree\n");
}

TEST_CASE("output goes to a file, to nowhere, or both streams to one file") {
  const Scratch scratch;
  const std::string path = scratch.file("out");
  const Output file{.kind = Output::Kind::file, .path = path};
  const auto first = run_command(
      {.shell = "echo to file; echo away >&2", .out = file, .err = {Output::Kind::none}});
  CHECK(content(path) == "to file\n");
  CHECK(first.out.empty());
  CHECK(first.err.empty());
  run_command({.shell = "echo a; echo b >&2; echo c", .out = file, .err = file});
  CHECK(content(path) == "a\nb\nc\n");
  CHECK_THROWS_AS(run_command({.argv = {"true"}, .out = {Output::Kind::file, "/no/such/dir/file"}}),
                  std::system_error);
}

TEST_CASE("a command starts clean: own group, no blocked signal, no foreign descriptor") {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const int leaked = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC on purpose
  const auto result =
      shell("grep SigBlk /proc/self/status; ls /proc/self/fd | wc -l; ps -o pgid= -p $$; echo $$");
  ::close(leaked);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(result.out.find("SigBlk:\t0000000000000000\n") == 0);
  CHECK(result.out.find("\n4\n") != std::string::npos);  // 0, 1, 2 and the one of ls itself
  const auto lines = result.out.substr(result.out.find("\n4\n") + 3);
  CHECK(std::stoi(lines) == std::stoi(lines.substr(lines.find('\n'))));
}

TEST_CASE("a time limit asks first") {
  const auto result =
      run_command({.shell = "trap 'echo asked; exit 3' TERM; while :; do sleep 0.01; done",
                   .timeout = 200ms,
                   .grace = 20s});
  CHECK(result.timed_out);
  CHECK(result.out == "asked\n");
  CHECK(result.exit_code == 3);
}

TEST_CASE("a command that ignores the request is killed after its grace, with all it started") {
  const auto begin = std::chrono::steady_clock::now();
  const auto result =
      run_command({.shell = "trap '' TERM; sleep 60 & echo $!; while :; do sleep 0.01; done",
                   .timeout = 100ms,
                   .grace = 100ms});
  CHECK(result.timed_out);
  CHECK(result.signal == SIGKILL);
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
  CHECK(support::eventually([&] { return !is_alive(std::stoi(result.out)); }));
}

TEST_CASE("a limit of zero is over at once, one that is never reached does not matter") {
  CHECK(run_command({.argv = {"sleep", "60"}, .timeout = 0s}).timed_out);
  CHECK_FALSE(run_command({.argv = {"true"}, .timeout = Duration::max()}).timed_out);
}

TEST_CASE("the end of a command is the end of its group, whoever holds its output open") {
  const auto begin = std::chrono::steady_clock::now();
  const auto result = shell("sleep 60 & echo $!");
  CHECK(result.exit_code == 0);
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
  CHECK(support::eventually([&] { return !is_alive(std::stoi(result.out)); }));
}

TEST_CASE("a daemon that holds the output open and writes on does not delay the result") {
  const Scratch scratch;
  const auto result =
      run_command({.shell = "setsid sh -c 'echo $$; : > begun; while :; do echo y || exit; done' & "
                            "until test -e begun; do sleep 0.01; done",
                   .cwd = scratch.path()});
  CHECK(result.exit_code == 0);
  const pid_t daemon = std::stoi(result.out);
  ::kill(-daemon, SIGKILL);
}

TEST_CASE("memory over the limit is the end, and says so") {
  const auto result = run_command({.shell = "head -c 300000000 /dev/zero | tail",
                                   .out = {Output::Kind::none},
                                   .memory = 60'000'000});
  CHECK(result.out_of_memory);
  CHECK(result.signal == SIGKILL);
  CHECK_FALSE(run_command({.argv = {"true"}, .memory = 1'000'000'000}).out_of_memory);
}

TEST_CASE("processor time and memory of a command are counted, its children's too") {
  const auto result = shell("(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done); true");
  CHECK(result.cpu_time > 10ms);
  CHECK(result.peak_memory > 100'000);
}

TEST_CASE("a command that says nothing or too much is refused") {
  CHECK_THROWS_AS(run_command({}), std::invalid_argument);
  CHECK_THROWS_AS(run_command({.argv = {"a"}, .shell = "b"}), std::invalid_argument);
  CHECK_THROWS_AS(run_command({.argv = {"cat"}, .stdin_text = "x", .stdin_file = "y"}),
                  std::invalid_argument);
  CHECK_THROWS_AS(run_command({.argv = {"env"}, .env = {{"A=B", "x"}}}), std::invalid_argument);
  CHECK_THROWS_AS(run_command({.argv = {std::string("a\0b", 3)}}), std::invalid_argument);
}

TEST_CASE("commands and their results travel whole") {
  Command command{
      .argv = {"a", "b"}, .env = {{"K", "V"}}, .env_clear = true, .cwd = "/", .stdin_text = "in"};
  command.out = {Output::Kind::file, "path"};
  command.timeout = 1500ms;
  command.memory = 12;
  Writer writer;
  codec<Command>::encode(writer, command);
  Reader reader(writer.bytes());
  const Command back = codec<Command>::decode(reader);
  CHECK_NOTHROW(reader.finish());
  CHECK(back.argv == command.argv);
  CHECK(back.env == command.env);
  CHECK(back.out.kind == Output::Kind::file);
  CHECK(back.out.path == "path");
  CHECK(back.timeout == command.timeout);
  CHECK(back.memory == command.memory);
  CHECK(back.stdin_text == "in");
}
