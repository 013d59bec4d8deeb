// SPDX-License-Identifier: MIT
// farm_fixture.hpp - a coordinator made by hand: a WorkerSocket, a SupervisorHandle and one seat,
// so that supervisor and workers can be tested without the real one.
#pragma once

#include <doctest/doctest.h>
#include <sys/eventfd.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zmq.hpp>

#include <procfarm/call.hpp>
#include <procfarm/wire/message.hpp>
#include <procfarm/wire/modules.hpp>
#include <procfarm/wire/seat.hpp>

#include "coordinator/supervisor_handle.hpp"
#include "coordinator/worker_socket.hpp"
#include "support/patience.hpp"
#include "support/process_tree.hpp"
#include "support/sanitizers.hpp"

namespace support {

using namespace procfarm;

constexpr std::uint32_t by_forkserver = 0;
constexpr std::uint32_t by_spawn = 1;
constexpr std::uint32_t by_fork = 2;

/// The methods that this test binary can serve: without init() only fork.
inline std::vector<std::uint32_t> start_methods() {
  if (!wire::initialized()) return {by_fork};
  if (address_sanitizer) return {by_forkserver, by_spawn};
  return {by_forkserver, by_spawn, by_fork};
}
inline std::uint32_t usual_method() { return start_methods().front(); }

struct Result {
  wire::ResultRecord record;
  std::string bytes;
};

/// The value that a task has returned.
template <class T>
T value_of(const std::optional<Result>& result) {
  REQUIRE(result);
  REQUIRE(result->record.kind == wire::ResultKind::value);
  return procfarm::detail::decode_result<T>(result->bytes.data(), result->bytes.size(), {});
}

class HandMadeFarm {
 public:
  explicit HandMadeFarm(std::uint32_t method, const Call& initializer = {},
                        const Call& preload = {})
      : supervisor(config(method, initializer, preload)) {}
  ~HandMadeFarm() { supervisor.close_and_wait(std::chrono::seconds(10)); }

  /// A worker that has said Ready, in a new seat.
  void seat_worker(std::uint32_t incarnation = 0, int stdout_fd = -1) {
    life_ = {3, incarnation};
    seat_ = wire::Seat::create();
    reader_.emplace(seat_);
    next_ = 0;
    const wire::UniqueFd line = socket_.open_line(life_);
    supervisor.spawn({.life = life_,
                      .token = token,
                      .page_fd = seat_.page_fd(),
                      .arena_fd = seat_.arena_fd(),
                      .stop_fd = seat_.stop_fd(),
                      .line_fd = line.get(),
                      .bell_fd = bell_.get(),
                      .stdout_fd = stdout_fd});
    socket_.connect_line(life_);
    hello_ = expect<wire::Hello>();
  }
  void await_ready() { expect<wire::Ready>(); }

  void send(const wire::ToWorker& message, const std::string& payload = {}) {
    CHECK(socket_.send(peer_, wire::frame(message, payload)));
  }
  /// Numbers of the new tasks are counted up.
  wire::Sequence run(const std::vector<Call>& calls) {
    wire::Run message;
    message.first_sequence = next_;
    std::string payload;
    for (const Call& call : calls) {
      wire::queue_slot(seat_.page(), next_++);
      message.tasks.push_back(100 + next_);
      message.attempts.push_back(1);
      message.functions.push_back(call.function().packed());
      message.sizes.push_back(static_cast<std::uint32_t>(call.arguments().size()));
      payload += call.arguments();
    }
    send(message, payload);
    return message.first_sequence;
  }
  /// The next result, or nullopt when none comes.
  std::optional<Result> result() {
    std::optional<Result> found;
    eventually([&] {
      if (auto record = reader_->next()) {
        std::string bytes(record->size, '\0');
        reader_->read(*record, bytes.data());
        reader_->release();
        found = Result{*record, bytes};
      } else {
        receive(1);
      }
      return found.has_value();
    });
    return found;
  }
  template <class Message>
  Message expect() {
    std::optional<Message> found;
    eventually([&] {
      auto message = receive(1);
      if (message && std::holds_alternative<Message>(*message)) found = std::get<Message>(*message);
      return found.has_value();
    });
    if (!found) tell_reports();
    REQUIRE(found);
    return *found;
  }
  /// Waits for a report of this kind, passing over others.
  wire::Report report(wire::Report::Kind kind) {
    std::optional<wire::Report> found;
    eventually([&] {
      auto report = supervisor.receive();
      if (report && report->kind == kind) found = report;
      return found.has_value() || supervisor.gone();
    });
    REQUIRE(found);
    return *found;
  }
  int worker_pid() const { return hello_.pid; }
  const wire::Hello& hello() const { return hello_; }
  wire::SeatLife life() const { return life_; }
  wire::SeatPage& page() { return seat_.page(); }
  void ask_to_stop(wire::Sequence task) { seat_.ask_to_stop(task); }
  std::string line_endpoint() const { return socket_.endpoint_of(life_); }

  const std::string token = "0123456789abcdef";

 private:
  /// What the supervisor knows, when a worker does not do what it should.
  void tell_reports() {
    while (const auto report = supervisor.receive()) {
      MESSAGE("report " << static_cast<int>(report->kind) << ", pid " << report->pid << ", status "
                        << report->status << ": " << report->text);
    }
    for (const pid_t pid : tree_of(supervisor.pid())) MESSAGE(describe_process(pid));
  }
  wire::SupervisorConfig config(std::uint32_t method, const Call& initializer,
                                const Call& preload) const {
    wire::SupervisorConfig config;
    config.start_method = method;
    config.env = {{"FARM_TEST", "set"}};
    config.initializer_set = static_cast<bool>(initializer);
    config.initializer_function = initializer.function().packed();
    config.initializer_arguments = initializer.arguments();
    config.preload_set = static_cast<bool>(preload);
    config.preload_function = preload.function().packed();
    config.preload_arguments = preload.arguments();
    return config;
  }
  std::optional<wire::FromWorker> receive(int wait_ms) {
    socket_.wait({}, std::chrono::milliseconds(wait_ms));
    Envelope envelope;
    if (!socket_.receive(envelope)) return std::nullopt;
    peer_ = envelope.routing_id;
    return wire::decode_from_worker(envelope.header.data<char>(), envelope.header.size());
  }

  WorkerSocket socket_;
  wire::UniqueFd bell_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  // nobody listens: see result()
  std::string peer_;
  wire::SeatLife life_;
  wire::Seat seat_;
  std::optional<wire::ResultReader> reader_;
  wire::Sequence next_ = 0;
  wire::Hello hello_;

 public:
  SupervisorHandle supervisor;
};

}  // namespace support
