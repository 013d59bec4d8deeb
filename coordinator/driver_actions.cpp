// SPDX-License-Identifier: MIT
// driver_actions.cpp - carrying out what the scheduler has decided.
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <system_error>

#include <fmt/core.h>

#include <procfarm/wire/blocks.hpp>
#include <procfarm/wire/message.hpp>
#include <procfarm/wire/modules.hpp>

#include "driver.hpp"
#include "shared_options.hpp"
#include "task_text.hpp"

namespace procfarm {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_run_bytes = 1 << 20;  // more travels in further messages
constexpr std::size_t header_room = 64;         // a header comes behind the arguments
constexpr std::size_t header_room_each = 24;    // an entry in each of its columns

void fill_token(std::array<unsigned char, 16>& token) {
  if (::getrandom(token.data(), token.size(), 0) != static_cast<ssize_t>(token.size())) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
}

/// In one message. Fewer for measurements only (docs/performance.md, row 5).
std::size_t most_tasks() {
  static const std::size_t most = [] {
    const char* const given = std::getenv("PROCFARM_TASKS_PER_MESSAGE");
    return given == nullptr ? std::numeric_limits<std::size_t>::max()
                            : std::strtoul(given, nullptr, 10);
  }();
  return most;
}

// Collects tasks for one worker into messages.
class RunBuilder {
 public:
  /// For at most so many tasks.
  RunBuilder(wire::Sequence first, std::size_t tasks)
      : left_(tasks), most_in_message_(most_tasks()) {
    run_.first_sequence = first;
  }

  void add(const detail::FutureState& state, std::uint32_t attempt) {
    if (count_ == 0) make_room(state.payload);
    run_.tasks[count_] = state.id;
    run_.attempts[count_] = attempt;
    run_.functions[count_] = state.function;
    if (const OwnedBlock* block = state.payload.block()) {
      const wire::BlockRef ref = block->owner->reference(block->data, state.payload.size());
      run_.sizes[count_] = wire::block_mark;
      bytes_.append(reinterpret_cast<const char*>(&ref), sizeof ref);
    } else {
      run_.sizes[count_] = state.payload.size();
      bytes_.append(state.payload.view());
    }
    ++count_;
  }
  bool empty() const { return count_ == 0; }
  bool full() const { return bytes_.size() >= max_run_bytes || count_ >= most_in_message_; }

  void send(WorkerSocket& socket, const std::string& routing_id) {
    const wire::Sequence next = run_.first_sequence + count_;
    set_columns(count_);
    left_ -= std::exchange(count_, 0);
    socket.send(routing_id,
                wire::frame(wire::ToWorker(std::exchange(run_, {})), std::exchange(bytes_, {})));
    run_.first_sequence = next;
  }

 private:
  // Most are like the first one.
  void make_room(const Payload& first) {
    set_columns(std::min(left_, most_in_message_));
    const std::size_t each = first.block() != nullptr ? sizeof(wire::BlockRef) : first.size();
    const std::size_t all = header_room + left_ * (header_room_each + each);
    bytes_.reserve(std::min(all, max_run_bytes + header_room + each));
  }
  void set_columns(std::size_t size) {
    run_.tasks.resize(size);
    run_.attempts.resize(size);
    run_.functions.resize(size);
    run_.sizes.resize(size);
  }

  std::size_t left_;  // that are not sent yet, at most
  const std::size_t most_in_message_;
  wire::Run run_{};
  std::size_t count_ = 0;  // of tasks in `run_`
  std::string bytes_{};
};

}  // namespace

void Driver::perform(const action::Spawn& what) {
  try {
    spawn(what.worker);
  } catch (const std::exception& error) {
    give_up(what.worker);  // it may have been ordered already
    start_refused(what.worker, error.what());
  }
}

void Driver::spawn(WorkerId worker) {
  auto occupant = std::make_unique<Occupant>(worker);
  fill_token(occupant->token);
  occupant->modules_sent = supervisor_.modules();
  const auto& options = core_->options;
  Streams& streams = streams_[worker.seat];
  if (options.capture_stdout) streams.out = std::make_unique<CapturedStream>(-1);
  if (options.capture_stderr) {
    streams.err = std::make_unique<CapturedStream>(options.forward_captured ? STDERR_FILENO : -1);
  }
  SpawnOrder order;
  order.life = {worker.seat, worker.incarnation};
  order.token.assign(occupant->token.begin(), occupant->token.end());
  order.page_fd = occupant->memory.page_fd();
  order.arena_fd = occupant->memory.arena_fd();
  order.stop_fd = occupant->memory.stop_fd();
  order.bell_fd = core_->wake_fd();
  order.blocks_fd = core_->blocks().fd();
  if (streams.out) order.stdout_fd = streams.out->fd();
  if (streams.err) order.stderr_fd = streams.err->fd();
  std::size_t connecting = 0;
  {
    const auto lock = core_->seats.lock();
    core_->seats.settle_in(std::move(occupant));
    for (const auto& each : core_->seats.all()) connecting += each && each->routing_id.empty();
  }
  reserve_.set_free(connecting);
  const wire::UniqueFd line = socket_.open_line(order.life);
  order.line_fd = line.get();
  supervisor_.spawn(order);
  socket_.connect_line(order.life);  // while the worker is being made
}

void Driver::perform(const action::Assign& what) {
  const auto lock = core_->seats.lock();
  Occupant* occupant = core_->seats.at(what.worker);
  if (occupant == nullptr) return;  // its end is being reported, and brings them back
  if (occupant->modules_sent < wire::module_count()) send_modules(*occupant);
  send_run(*occupant, what.tasks);
}

void Driver::send_run(Occupant& occupant, const std::vector<Dispatch>& tasks) {
  RunBuilder builder(occupant.on_board.next(), tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const std::size_t later = i + detail::prefetched_ahead;
    if (later < tasks.size()) detail::prefetch(tasks_.find(tasks[later].task));
    const Dispatch& dispatch = tasks[i];
    // While the seats are locked a pending task stays pending; the arguments of one that was
    // cancelled are being released by another thread.
    detail::FutureState* state = tasks_.find(dispatch.task);
    if (state == nullptr || state->phase() != detail::Phase::pending) {
      scheduler_.cancelled(dispatch.task);
      continue;
    }
    core_->seats.board(occupant, *state, dispatch.attempt);
    builder.add(*state, dispatch.attempt);
    if (builder.full()) builder.send(socket_, occupant.routing_id);
  }
  if (!builder.empty()) builder.send(socket_, occupant.routing_id);
}

void Driver::perform(const action::Recall& what) {
  const auto lock = core_->seats.lock();
  for (const TaskId task : what.tasks) {
    detail::FutureState* state = tasks_.find(task);
    if (state == nullptr || core_->seats.take_back(*state)) {
      scheduler_.recalled(what.worker, task);
    } else {
      scheduler_.recall_refused(what.worker, task);
    }
  }
}

void Driver::perform(const action::Inspect& what) {
  const auto lock = core_->seats.lock();
  const detail::FutureState* state = tasks_.find(what.task);
  Occupant* occupant = core_->seats.at(what.worker);
  if (state != nullptr && occupant != nullptr && core_->seats.running(*state)) {
    const Time started(occupant->memory.page().begun_at.load(std::memory_order_relaxed));
    scheduler_.begun(what.worker, what.task, started, now(), actions_);
  } else {
    scheduler_.not_begun(what.worker, what.task, now());
  }
}

void Driver::perform(const action::Stop& what) {
  const auto lock = core_->seats.lock();
  const detail::FutureState* state = tasks_.find(what.task);
  Occupant* occupant = core_->seats.at(what.worker);
  if (state == nullptr || occupant == nullptr || !state->place()) return;
  occupant->memory.ask_to_stop(state->place().sequence);
}

void Driver::perform(const action::Kill& what) { give_up(what.worker); }

void Driver::perform(const action::Retire& what) {
  const auto lock = core_->seats.lock();
  Occupant* occupant = core_->seats.at(what.worker);
  if (occupant == nullptr) return;
  occupant->leaving = true;
  if (occupant->routing_id.empty()) {
    supervisor_.kill({what.worker.seat, what.worker.incarnation});
  } else {
    socket_.send(occupant->routing_id, wire::frame(wire::ToWorker(wire::Leave{})));
  }
  if (closing_ && !kill_all_at_) kill_all_at_ = now() + 5s;
}

void Driver::perform(const action::Settle& what) {
  detail::FutureState* state = tasks_.find(what.task);
  if (state == nullptr) return;
  {
    // When the pool breaks, tasks are settled while their workers still have them.
    const auto lock = core_->seats.lock();
    Occupant* occupant = core_->seats.occupant_of(*state);
    Boarded* boarded =
        occupant == nullptr ? nullptr : occupant->on_board.find(state->place().sequence);
    if (boarded != nullptr) core_->seats.leave(*occupant, *boarded);
  }
  if (what.reason == SettleReason::cancelled) return tasks_.settle_cancelled(*state);
  tasks_.settle_error(*state, error_for(*state, what.reason));
}

ErrorRecord Driver::error_for(const detail::FutureState& state, SettleReason reason) const {
  if (reason == SettleReason::broken && broken_) {
    ErrorRecord record = *broken_;
    record.task = task_ref(state);
    return record;
  }
  ErrorRecord record;
  record.task = task_ref(state);
  if (reason == SettleReason::timed_out) {
    record.kind = ErrorRecord::Kind::task_timeout;
    record.limit = state.options->task.timeout.value_or(Duration::zero());
    return record;
  }
  record.kind = ErrorRecord::Kind::worker_lost;
  if (loss_) {
    record.signal = loss_->signal;
    record.exit_code = loss_->exit_code;
    record.stderr_tail = loss_->stderr_tail;
    const bool by_us = ended_ && (loss_->signal == SIGTERM || loss_->signal == SIGKILL);
    if (by_us) record.text = "the executor ended its workers";
  }
  return record;
}

}  // namespace procfarm
