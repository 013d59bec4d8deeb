// SPDX-License-Identifier: MIT
// tour.cpp - each method of futures and executors once, with what it yields. Every line is checked
// against what it should be. Tasks that must not end yet wait for a file, so nothing depends on
// time.
//   tour [--with processes|threads|serial]
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include <fmt/core.h>

#include <procfarm/procfarm.hpp>

#include "arguments.hpp"
#include "ways.hpp"

namespace {

using namespace std::chrono_literals;
using procfarm::Future;

constexpr int workers = 2;

template <class E>
constexpr bool is_serial = std::is_same_v<std::remove_cvref_t<E>, procfarm::SerialExecutor>;

template <class Condition>
void until(Condition condition) {
  while (!condition()) std::this_thread::sleep_for(1ms);
}

// The tasks.
int square(int n) { return n * n; }
int pass(const std::string& gate, int n) {
  until([&gate] { return std::filesystem::exists(gate); });
  return n;
}
int fail(const std::string& text) { throw std::out_of_range(text); }
int second_time() {
  if (procfarm::this_task::attempt() < 2) throw std::runtime_error("not yet");
  return procfarm::this_task::attempt();
}
int until_told() {
  until([] { return procfarm::this_task::stop_requested(); });
  return 0;
}

/// Prints each line, and remembers whether one was not as it should be.
class Guide {
 public:
  template <class T>
  void show(std::string_view what, const T& is, const std::type_identity_t<T>& should) {
    fmt::print("  {:<38} {}\n", what, is);
    if (!(is == should)) fmt::print("  that should be {}\n", should);
    right_ = right_ && is == should;
  }
  void show(std::string_view what, const char* is, std::string_view should) {
    show(what, std::string(is), std::string(should));
  }
  bool right() const { return right_; }

 private:
  bool right_ = true;
};

/// Files that open the way for tasks.
class Gates {
 public:
  Gates() {
    std::string name = std::filesystem::temp_directory_path() / "tour.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    directory_ = name;
  }
  ~Gates() { std::filesystem::remove_all(directory_); }
  Gates(const Gates&) = delete;
  Gates& operator=(const Gates&) = delete;

  std::string path(std::string_view name) const { return directory_ / name; }
  void open(std::string_view name) const { std::ofstream file(path(name)); }

 private:
  std::filesystem::path directory_;
};

template <class F>
std::string state(const F& future) {
  if (future.cancelled()) return "cancelled";
  if (future.running()) return "running";
  return future.done() ? "done" : "pending";
}

/// The text of what `call` throws, which must be an E.
template <class E, class Call>
std::string thrown(Call call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing thrown";
}

void states(procfarm::Executor auto& executor, const Gates& gates, Guide& guide) {
  fmt::print("states and results\n");
  if constexpr (is_serial<decltype(executor)>) gates.open("first");
  auto a = executor.template submit<pass>(gates.path("first"), 1);
  auto b = executor.template submit<pass>(gates.path("first"), 2);
  if constexpr (is_serial<decltype(executor)>) {
    guide.show("after submit", state(a), "done");
  } else {
    until([&] { return a.running() && b.running(); });
    auto c = executor.template submit<square>(3);
    guide.show("two workers, the first task", state(a), "running");
    guide.show("the third task", state(c), "pending");
    const auto poll = thrown<procfarm::TimeoutError>([&] { a.result(0s); });
    guide.show("result(0s) throws TimeoutError", poll != "nothing thrown", true);
    guide.show("cancel() of a running one", a.cancel(), false);
    guide.show("cancel() of a pending one", c.cancel(), true);
    guide.show("it is now", state(c), "cancelled");
    const auto gone = thrown<procfarm::CancelledError>([&] { c.result(); });
    guide.show("its result() throws CancelledError", gone != "nothing thrown", true);
    gates.open("first");
  }
  guide.show("result()", a.result(), 1);
  guide.show("result() again", a.result(), 1);
  guide.show("result(1h) of another", b.result(1h), 2);
  guide.show("then", state(a), "done");
  guide.show("exception() is null", a.exception() == nullptr, true);
  guide.show("cancel() when done", a.cancel(), false);
}

void errors(procfarm::Executor auto& executor, Guide& guide) {
  fmt::print("exceptions and callbacks\n");
  auto failing = executor.template submit<fail>("no such page");
  guide.show("exception() is null", failing.exception() == nullptr, false);
  guide.show("result() throws std::out_of_range",
             thrown<std::out_of_range>([&] { failing.result(); }), "no such page");
  std::promise<int> heard;
  executor.template submit<square>(5).add_done_callback(
      [&heard](Future<int> done) { heard.set_value(done.result()); });
  guide.show("a callback hears", heard.get_future().get(), 25);
  if constexpr (!is_serial<decltype(executor)>) {
    auto endless = executor.with({.grace = 1h}).template submit<until_told>();
    until([&] { return endless.running(); });
    guide.show("cancel(cancel_running)", endless.cancel(procfarm::cancel_running), true);
    procfarm::wait(std::vector{endless});
    guide.show("then it is", state(endless), "cancelled");
  }
}

void waiting(procfarm::Executor auto& executor, const Gates& gates, Guide& guide) {
  using procfarm::ReturnWhen;
  fmt::print("wait\n");
  constexpr std::size_t held = is_serial<decltype(executor)> ? 0 : 1;
  if (held == 0) gates.open("second");
  const std::vector both{executor.template submit<square>(2),
                         executor.template submit<pass>(gates.path("second"), 2)};
  const std::vector failing{executor.template submit<fail>("x"), both[1]};
  const auto first = procfarm::wait(both, std::nullopt, ReturnWhen::first_completed);
  guide.show("first_completed, not done", first.not_done.size(), held);
  const auto failed = procfarm::wait(failing, std::nullopt, ReturnWhen::first_exception);
  guide.show("first_exception, not done", failed.not_done.size(), held);
  guide.show("a time-out of 0s, not done", procfarm::wait(both, 0s).not_done.size(), held);
  gates.open("second");
  const auto all = procfarm::wait(both, std::nullopt, ReturnWhen::all_completed);
  guide.show("all_completed, done", all.done.size(), 2);
}

void many(procfarm::Executor auto& executor, const Gates& gates, Guide& guide) {
  constexpr bool serial = is_serial<decltype(executor)>;
  fmt::print("as_completed and map\n");
  if (serial) gates.open("third"), gates.open("fourth");
  const std::vector futures{executor.template submit<pass>(gates.path("third"), 3),
                            executor.template submit<pass>(gates.path("fourth"), 4)};
  gates.open("fourth");
  std::string order;
  for (const auto& done : procfarm::as_completed(futures)) {
    order += " " + std::to_string(done.result());
    gates.open("third");  // only now the first one may end
  }
  guide.show("as_completed", order, serial ? " 3 4" : " 4 3");
  std::string squares;
  for (const int n : executor.template map<square>(std::vector{3, 1, 2})) {
    squares += " " + std::to_string(n);
  }
  guide.show("map", squares, " 9 1 4");
}

void options(procfarm::Executor auto& executor, Guide& guide) {
  fmt::print("with options\n");
  auto named = executor.with({.name = "stubborn", .retry = {.max_attempts = 3}});
  auto future = named.template submit<second_time>();
  guide.show("retry: the attempt that returned", future.result(), 2);
  guide.show("info().name", future.info().name, "stubborn");
  guide.show("info().attempts", future.info().attempts, 2);
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(executor)>,
                               procfarm::ProcessPoolExecutor>) {
    auto limited = executor.with({.timeout = 20ms, .grace = 1h}).template submit<until_told>();
    const auto text = thrown<procfarm::TaskTimeout>([&] { limited.result(); });
    guide.show("timeout: TaskTimeout is thrown", text != "nothing thrown", true);
  } else {
    const auto text = thrown<std::invalid_argument>([&] { executor.with({.timeout = 20ms}); });
    guide.show("timeout is refused", text != "nothing thrown", true);
  }
}

void ending(procfarm::Executor auto& executor, Guide& guide) {
  using Executor = std::remove_cvref_t<decltype(executor)>;
  constexpr bool processes = std::is_same_v<Executor, procfarm::ProcessPoolExecutor>;
  constexpr bool serial = is_serial<decltype(executor)>;
  fmt::print("the executor\n");
  until([&] { return executor.stats().running + executor.stats().pending == 0; });
  const procfarm::PoolStats stats = executor.stats();
  guide.show("stats().done", stats.done, 11);
  guide.show("stats().failed", stats.failed, processes ? 3 : 2);
  guide.show("stats().cancelled", stats.cancelled, serial ? 0 : 2);
  if constexpr (!serial) guide.show("workers().size()", executor.workers().size(), workers);
  executor.shutdown();
  if constexpr (processes) guide.show("workers() after shutdown", executor.workers().size(), 0);
  guide.show("submit after shutdown",
             thrown<procfarm::ShutdownError>([&] { executor.template submit<square>(1); }),
             "cannot schedule new futures after shutdown");
}

bool tour(std::string_view with) {
  if (with == "all") throw std::invalid_argument("--with is serial, threads or processes");
  const Gates gates;
  const auto work = [&gates](auto& executor) {
    Guide guide;
    states(executor, gates, guide);
    errors(executor, guide);
    waiting(executor, gates, guide);
    many(executor, gates, guide);
    options(executor, guide);
    ending(executor, guide);
    return guide.right();
  };
  return ways::run_once(ways::chosen(with).front(), workers, work);
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);  // first line of main: in a worker it does not return
  try {
    return tour(arguments::text(argc, argv, {"--with"}, "--with", "processes")) ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "tour: {}\n", error.what());
    return 1;
  }
}
