// SPDX-License-Identifier: MIT
// worker_test.cpp - one worker driven by hand: what it answers to what it is sent, and to whom.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <procfarm/command.hpp>
#include <procfarm/this_task.hpp>
#include <procfarm/wire/failure.hpp>
#include <procfarm/wire/packet.hpp>

#include "farm_fixture.hpp"
#include "support/process_tree.hpp"

using namespace support;
using namespace std::chrono_literals;

namespace {

int doubled(int value) { return 2 * value; }
int always_throws() { throw std::out_of_range("too far"); }
std::string big_text(int size) { return std::string(static_cast<std::size_t>(size), 'b'); }

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

int stray_child() { return ::fork() == 0 ? -1 : 1; }

bool waits_for_stop() {
  while (!procfarm::this_task::stop_requested()) std::this_thread::sleep_for(1ms);
  return true;
}

/// The signal that ended it.
int waits_for_a_child() {
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WTERMSIG(status);
}

struct Loud {
  ~Loud() { std::fputs(" and destroyed", stdout); }
};

void wait_for_file(const std::string& path) {
  while (::access(path.c_str(), F_OK) != 0) std::this_thread::sleep_for(1ms);
}

void prints_and_exits() {
  static Loud loud;
  std::fputs("printed", stdout);
  std::exit(6);
}

/// Touches so many megabytes and takes some milliseconds.
void burns(int megabytes) {
  const auto until = std::chrono::steady_clock::now() + 5ms;
  do {
    std::vector<char> memory(static_cast<std::size_t>(megabytes) << 20, 'x');
    [[maybe_unused]] volatile char last = memory.back();
  } while (std::chrono::steady_clock::now() < until);
}

}  // namespace

TEST_CASE("a worker greets with its token and runs what it is sent, in order") {
  for (const auto method : start_methods()) {
    CAPTURE(method);
    HandMadeFarm farm(method);
    CHECK(farm.report(wire::Report::Kind::ready).pid == farm.supervisor.pid());
    farm.seat_worker();
    farm.await_ready();
    CHECK(farm.hello().token == farm.token);
    CHECK(farm.hello().life == farm.life());
    CHECK(farm.report(wire::Report::Kind::started).pid == farm.worker_pid());
    farm.run({call<&doubled>(21), call<&variable>("FARM_TEST"), call<&variable>("PROCFARM_SERVE"),
              call<&always_throws>()});
    CHECK(value_of<int>(farm.result()) == 42);
    CHECK(value_of<std::string>(farm.result()) == "set");
    CHECK(value_of<std::string>(farm.result()).empty());
    const auto threw = farm.result();
    REQUIRE(threw);
    CHECK(threw->record.kind == wire::ResultKind::threw);
    CHECK(threw->record.sequence == 3);
    CHECK_THROWS_AS(
        std::rethrow_exception(wire::rebuild(threw->bytes.data(), threw->bytes.size(), {})),
        std::out_of_range);
  }
}

TEST_CASE("a worker greets before its initializer, which may take any time") {
  for (const auto method : start_methods()) {
    CAPTURE(method);
    const std::string go = std::filesystem::temp_directory_path() / fmt::format("go-{}", method);
    HandMadeFarm farm(method, call<&wait_for_file>(go));
    farm.seat_worker();
    std::ofstream(go).put('!');
    farm.await_ready();
    std::filesystem::remove(go);
  }
}

TEST_CASE("a worker that may leave finishes what is queued and exits with 0") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.run({call<&doubled>(1), call<&doubled>(2)});
  farm.send(wire::Leave{});
  CHECK(value_of<int>(farm.result()) == 2);
  CHECK(value_of<int>(farm.result()) == 4);
  CHECK(farm.report(wire::Report::Kind::exited).status == 0);
}

TEST_CASE("results larger than the ring and than the arena's share arrive") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  std::vector<Call> calls(40, call<&big_text>(20'000));
  calls.push_back(call<&big_text>(30'000'000));
  farm.run(calls);
  for (std::size_t i = 0; i < 40; ++i) CHECK(value_of<std::string>(farm.result()).size() == 20'000);
  CHECK(value_of<std::string>(farm.result()).size() == 30'000'000);
}

TEST_CASE("ten thousand short tasks are all answered, in order") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  for (int batch = 0; batch < 10; ++batch) {
    farm.run(std::vector<Call>(1000, call<&doubled>(batch)));
    for (int i = 0; i < 1000; ++i) REQUIRE(value_of<int>(farm.result()) == 2 * batch);
  }
}

TEST_CASE("a task that was taken back is not run") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  const auto first = farm.run({call<&waits_for_stop>(), call<&doubled>(1), call<&doubled>(2)});
  CHECK(support::eventually([&] { return wire::has_begun(farm.page(), first); }));
  CHECK(wire::take_slot(farm.page(), first + 1));
  farm.ask_to_stop(first);
  CHECK(value_of<bool>(farm.result()));
  CHECK(farm.result()->record.sequence == first + 2);
}

TEST_CASE("the child of a task that forks does not answer for the worker") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.run({call<&stray_child>(), call<&doubled>(4)});
  CHECK(value_of<int>(farm.result()) == 1);
  CHECK(value_of<int>(farm.result()) == 8);
}

TEST_CASE("a worker does nothing for another process that has found its line" *
          doctest::skip(thread_sanitizer)) {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  const pid_t other = ::fork();
  if (other == 0) {
    zmq::context_t context(1);
    {
      zmq::socket_t socket(context, zmq::socket_type::dealer);
      socket.connect(farm.line_endpoint());
      socket.send(zmq::str_buffer("not a message"));  // a worker that takes it ends at once
    }
    context.close();  // returns when it has been sent, and that is after they have shaken hands
    ::_exit(0);
  }
  int status = 0;
  const auto run_one = [&farm] {
    farm.run({call<&doubled>(21)});
    const auto result = farm.result();
    return result && result->record.kind == wire::ResultKind::value;
  };
  while (::waitpid(other, &status, WNOHANG) == 0) REQUIRE(run_one());
  CHECK(status == 0);
  for (int i = 0; i < 20; ++i) CHECK(run_one());
}

TEST_CASE("a stop request ends a running command politely, and spares the next task") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  Command patient{.shell =
                      "trap 'echo asked; exit 3' TERM; echo ready; while :; do sleep 0.01; done"};
  patient.grace = 20s;
  const auto first = farm.run(
      {call<&run_command>(patient), call<&run_command>(Command{.argv = {"echo", "next"}})});
  CHECK(support::eventually([&] { return support::tree_of(farm.worker_pid()).size() >= 3; }));
  farm.ask_to_stop(first);
  const auto stopped = value_of<CommandResult>(farm.result());
  CHECK(stopped.exit_code == 3);
  CHECK(stopped.out == "ready\nasked\n");
  CHECK(value_of<CommandResult>(farm.result()).out == "next\n");
}

TEST_CASE("a stop request sends SIGTERM to what a function has started, never to the worker") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  const auto first = farm.run({call<&waits_for_a_child>(), call<&doubled>(7)});
  CHECK(support::eventually([&] { return support::tree_of(farm.worker_pid()).size() >= 2; }));
  farm.ask_to_stop(first);
  CHECK(value_of<int>(farm.result()) == SIGTERM);
  CHECK(value_of<int>(farm.result()) == 14);
}

TEST_CASE("std::exit in a task writes what was printed and runs no destructor of the program") {
  char path[] = "/tmp/exit-output-XXXXXX";
  const wire::UniqueFd file(::mkstemp(path));
  ::unlink(path);
  HandMadeFarm farm(usual_method());
  farm.seat_worker(0, file.get());
  farm.await_ready();
  farm.run({call<&prints_and_exits>()});
  CHECK(WEXITSTATUS(farm.report(wire::Report::Kind::exited).status) == 6);
  CHECK(wire::read_whole_file(file.get()) == "printed");
}

TEST_CASE("memory and processor time of a long task are its own" *
          doctest::skip(address_sanitizer)) {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.run({call<&burns>(64), call<&burns>(1), call<&doubled>(1)});
  const auto big = farm.result()->record;
  const auto small = farm.result()->record;
  CHECK(big.peak_memory > 64'000'000);
  CHECK(small.peak_memory < big.peak_memory - 32'000'000);
  CHECK(big.cpu > 1'000'000);
  CHECK(big.cpu < big.took + 20'000'000);
  const auto brief = farm.result()->record;  // if nothing held it up
  CHECK((brief.cpu == -1) == (brief.took < 1'000'000));
}

TEST_CASE("a function that the worker does not have is a failure, not a crash") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.run({Call(FunctionId{9, 9}, ""), Call(FunctionId{1, 1'000'000}, "")});
  CHECK(farm.result()->record.kind == wire::ResultKind::unserializable);
  CHECK(farm.result()->record.kind == wire::ResultKind::unserializable);
}
