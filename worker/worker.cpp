// SPDX-License-Identifier: MIT
// worker.cpp - see worker.hpp.
#include "worker.hpp"

#include <stdio_ext.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <procfarm/wire/blocks.hpp>
#include <procfarm/wire/chunk.hpp>
#include <procfarm/wire/modules.hpp>
#include <procfarm/wire/seat.hpp>

#include "clean_start.hpp"
#include "invoke.hpp"
#include "line.hpp"
#include "process_mark.hpp"
#include "result_sender.hpp"
#include "running_task.hpp"
#include "usage_meter.hpp"
#include "watch.hpp"

namespace procfarm::serving {

namespace {

constexpr int failed_setup_status = 1;
constexpr int cannot_serve_status = 71;

std::int64_t steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The exact time, or some milliseconds less: the kernel's tick. Much cheaper.
std::int64_t coarse_now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

/// std::exit on this thread destroys its thread-locals first, then runs what was registered last.
/// So it comes to leave() before any static destructor, also those registered after us.
struct LeaveOnExit {
  bool armed = false;
  ~LeaveOnExit() {
    if (armed) arm();
  }
  static void arm() {
    ::on_exit([](int status, void*) { leave(status); }, nullptr);
  }
};
thread_local LeaveOnExit leave_on_exit;

/// The main thread. The line comes first: while the connection is made the others are set up.
class Worker {
 public:
  explicit Worker(WorkerSeat seat)
      : seat_(std::move(seat)),
        line_(seat_),
        memory_(wire::Seat::adopt(std::move(seat_.page), std::move(seat_.arena),
                                  std::move(seat_.stop))),
        blocks_(std::move(seat_.blocks)),
        results_(memory_, std::move(seat_.bell)),
        running_(memory_.page()),
        watch_(seat_, memory_, running_) {}

  /// Returns the exit status.
  int run();

 private:
  /// Says Ready; or Failed, and is false.
  bool initialize();
  void work();
  void run_batch(const Batch& batch);
  void run_task(const wire::Run& run, std::size_t index, std::string_view arguments,
                bool more_follow);
  void run_chunk(FunctionId function, wire::ChunkItems items);
  void finish_task(const Answer& answer);
  void finish_item(const Answer& answer);
  void measure_attempt();
  void send(const wire::ResultRecord& record, std::string_view bytes, bool more_follow);
  void flush_task_output();

  WorkerSeat seat_;
  Line line_;
  wire::Seat memory_;
  wire::BlockView blocks_;
  ResultSender results_;
  wire::FunctionTable functions_;
  RunningTask running_;
  Invoker invoker_;
  UsageMeter usage_;
  ProcessMark mark_;
  wire::ResultRecord attempt_{};  // of the task that runs
  std::int64_t ended_ = 0;        // when the last task ended; 0: there was none in this batch
  std::uint64_t pauses_ = 0;      // of the sender, then
  bool more_follow_ = false;
  bool item_failed_ = false;  // the last one of the chunk that runs
  bool streams_are_buffered_ = false;
  Watch watch_;
};

int Worker::run() {
  functions_.add(1, seat_.farm.modules);
  const bool initialized = initialize();
  if (initialized) work();
  line_.finish();
  return initialized ? 0 : failed_setup_status;
}

void Worker::work() {
  while (auto work = line_.take()) {
    if (const auto* modules = std::get_if<wire::Modules>(&*work)) {
      functions_.add(modules->first, modules->modules);
    } else {
      run_batch(std::get<Batch>(*work));
    }
  }
}

bool Worker::initialize() {
  if (seat_.farm.initializer_set) {
    line_.greet();
    const Answer answer =
        invoker_.invoke(functions_, FunctionId::unpacked(seat_.farm.initializer_function),
                        seat_.farm.initializer_arguments);
    if (mark_.is_copy()) ::_exit(0);
    flush_output();
    if (answer.kind != wire::ResultKind::value) {
      line_.post(wire::Failed{std::string(answer.bytes)});
      return false;
    }
    functions_.add(1, seat_.farm.modules);  // it may have loaded some that we did not have
  }
  line_.post(wire::Ready{});
  return true;
}

void Worker::run_batch(const Batch& batch) {
  ended_ = 0;
  usage_.begin_batch();
  streams_are_buffered_ = dynamic_cast<std::filebuf*>(std::cout.rdbuf()) != nullptr;
  const char* arguments = batch.payload().data();
  const std::size_t count = batch.run.tasks.size();
  for (std::size_t i = 0; i < count; ++i) {
    const bool more_follow = i + 1 < count || line_.has_more();
    const std::uint32_t size = batch.run.sizes[i];
    const std::string_view bytes(arguments, wire::bytes_in_batch(size));
    run_task(batch.run, i, size == wire::block_mark ? blocks_.at(bytes) : bytes, more_follow);
    arguments += bytes.size();
  }
}

void Worker::run_task(const wire::Run& run, std::size_t index, std::string_view arguments,
                      bool more_follow) {
  const bool just_now = ended_ != 0 && pauses_ == results_.pauses();
  const std::int64_t started = just_now ? ended_ : steady_now();
  attempt_ = {.sequence = run.first_sequence + index,
              .task = run.tasks[index],
              .attempt = run.attempts[index],
              .started = started};
  const bool chunk = wire::is_chunk(run.functions[index]);
  if (chunk) wire::begin_items(memory_.page(), attempt_.sequence);
  if (!wire::begin_slot(memory_.page(), attempt_.sequence, started)) return;
  more_follow_ = more_follow;
  running_.begin(attempt_.sequence, attempt_.task, attempt_.attempt);
  const FunctionId function = FunctionId::unpacked(run.functions[index]);
  if (chunk) return run_chunk(function, wire::ChunkItems(arguments));
  const auto finish = [](void* self, const Answer& answer) {
    static_cast<Worker*>(self)->finish_task(answer);
  };
  invoker_.invoke(functions_, function, arguments, {finish, this});
  // A destructor may have forked too.
  if (mark_.is_copy()) ::_exit(0);
}

void Worker::run_chunk(FunctionId function, wire::ChunkItems items) {
  const auto finish = [](void* self, const Answer& answer) {
    static_cast<Worker*>(self)->finish_item(answer);
  };
  const std::int64_t until = attempt_.started + wire::chunk_time;
  item_failed_ = false;
  for (std::uint32_t item = 0; items.left() > 0; ++item) {
    if (!wire::begin_item(memory_.page(), attempt_.sequence, item)) break;
    if (item > 0) running_.go_on(attempt_.task + item);
    invoker_.invoke(functions_, function, items.take(), {finish, this});
    if (mark_.is_copy()) ::_exit(0);
    if (item_failed_) return;
    if (coarse_now() >= until) break;
  }
  running_.end();
  measure_attempt();
  results_.close_values(attempt_, wire::ResultKind::value);
  results_.ring(more_follow_);
}

void Worker::finish_item(const Answer& answer) {
  if (mark_.is_copy()) ::_exit(0);
  flush_task_output();
  if (answer.kind == wire::ResultKind::value) {
    if (results_.add_value(attempt_, answer.bytes)) return;
    wire::ResultRecord record = attempt_;
    record.kind = wire::ResultKind::values;
    record.items = 1;
    return send(record, answer.bytes, true);
  }
  item_failed_ = true;
  if (results_.has_values()) results_.close_values(attempt_, wire::ResultKind::values);
  finish_task(answer);
}

void Worker::finish_task(const Answer& answer) {
  if (mark_.is_copy()) ::_exit(0);  // a child of a task that forked: there is one worker per seat
  running_.end();
  flush_task_output();
  attempt_.kind = answer.kind;
  measure_attempt();
  send(attempt_, answer.bytes, more_follow_);
}

void Worker::measure_attempt() {
  ended_ = steady_now();
  pauses_ = results_.pauses();
  attempt_.took = ended_ - attempt_.started;
  const UsageMeter::Usage usage = usage_.end_task(attempt_.took);
  attempt_.cpu = usage.cpu;
  attempt_.peak_memory = usage.peak_memory;
}

void Worker::send(const wire::ResultRecord& record, std::string_view bytes, bool more_follow) {
  try {
    results_.send(record, bytes, more_follow);
  } catch (const std::system_error&) {  // no memory for a large result; a failure is small
    const Answer answer = invoker_.cannot_be_stored();
    wire::ResultRecord failed = record;
    failed.kind = answer.kind;
    failed.items = 0;
    item_failed_ = true;
    results_.send(failed, answer.bytes, more_follow);
  }
}

void Worker::flush_task_output() {
  if (streams_are_buffered_) {
    std::cout.flush();
    std::clog.flush();
  }
  if (__fpending(stdout) > 0) std::fflush(stdout);
  if (__fpending(stderr) > 0) std::fflush(stderr);
}

}  // namespace

void serve_worker(WorkerSeat seat) noexcept {
  set_process_name(fmt::format("procfarm:w{}", seat.life.seat));
  survive_hangup();
  become_subreaper();
  set_descriptor_limit(seat.farm.soft_nofile);
  LeaveOnExit::arm();  // for std::exit on another thread
  leave_on_exit.armed = true;
  try {
    Worker worker(std::move(seat));
    leave(worker.run());
  } catch (const std::exception& error) {
    fmt::print(stderr, "procfarm: worker pid {} cannot serve: {}\n", ::getpid(), error.what());
    leave(cannot_serve_status);
  }
}

}  // namespace procfarm::serving
