// SPDX-License-Identifier: MIT
// driver.hpp - the one thread of an executor that talks to workers and supervisor. It turns what
// arrives (inbox, messages, reports, time) into calls of the scheduler, carries out the scheduler's
// actions, and settles futures. It decides nothing itself.
//
//   round: inbox -> messages -> results -> reports -> timers -> dispatch, actions -> announce ->
//          sleep
//
// It sleeps only when the inbox says that nothing has come, and a post() from then on wakes it, or
// a submit unless the scheduler is sated.
// Invariant: an unsettled task is in `tasks_` (which holds a reference), and its place, if it has
// one, names an occupant in which it is on board.
#pragma once

#include <chrono>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <procfarm/wire/doorbell.hpp>
#include <procfarm/wire/message.hpp>

#include "capture.hpp"
#include "descriptor_reserve.hpp"
#include "pool_core.hpp"
#include "scheduler.hpp"
#include "supervisor_handle.hpp"
#include "task_book.hpp"
#include "worker_socket.hpp"

namespace procfarm {

class Driver {
 public:
  /// Binds the socket and starts the supervisor, in the caller's thread. Throws std::system_error.
  explicit Driver(std::shared_ptr<PoolCore> core);
  ~Driver();
  /// The thread's body; returns when the executor is at its end. Never throws.
  void run();

 private:
  /// What a worker's end looked like, for the tasks it is charged with.
  struct Loss {
    int pid = 0;
    int signal = 0;
    int exit_code = -1;
    std::string stderr_tail{};
  };
  /// A chunk that has ended before its last item, with one reference on each of `rest`.
  struct EarlyEnd {
    detail::FutureState* state;
    std::vector<detail::FutureState*> rest;
  };
  struct Streams {
    std::unique_ptr<CapturedStream> out{}, err{};
  };

  // -- a round (driver.cpp) -----------------------------------------------------------------------
  void loop();
  bool at_end() const;
  void take_inbox();
  void receive_messages();
  void receive_results();
  void receive_reports();
  void check_timers();
  void end_starting_workers();
  void carry_out();
  void sleep();
  /// Tells the workers how deeply it sleeps from now on. False: there are results.
  bool lie_down(wire::Depth depth);
  void rise();
  std::optional<Time> next_appointment() const;
  void sweep_once();
  void leave();

  // -- callers' commands (driver_commands.cpp) ----------------------------------------------------
  void handle(const command::Cancelled& given);
  void handle(const command::CancelRunning& given);
  void handle(const command::Released& given);
  void handle(const command::DependencyFailed& given);
  void handle(const command::Close& given);
  void handle(const command::EndWorkers& given);
  void handle(const command::Suspend& given);
  void handle(const command::Resume& given);
  void resume();
  void tell_pause(Duration pause);
  void watch_slots();
  /// What has not begun; of the chunks that run, their items.
  void cancel_all();

  // -- workers' messages and ends (driver_workers.cpp) --------------------------------------------
  void handle(const Envelope& envelope);
  void welcome(const std::string& routing_id, const wire::Hello& hello);
  void send_modules(Occupant& occupant);
  void initializer_failed(WorkerId worker, const std::string& failure);
  void give_up(WorkerId worker);
  void handle(const wire::Report& report);
  void worker_gone(WorkerId worker, const Loss& loss);
  void start_refused(WorkerId worker, const std::string& text);
  void supervisor_gone();
  void break_with(const std::string& text, std::exception_ptr cause = nullptr);

  // -- results (driver_results.cpp) ---------------------------------------------------------------
  void collect_results(WorkerId worker);
  void collect(Occupant& occupant, const wire::ResultRecord& record);
  /// The last that it has written to standard error, if that is captured.
  std::string stderr_tail(WorkerId worker);
  void conclude(Occupant& occupant, Boarded& boarded, const wire::ResultRecord& record,
                Payload bytes);

  // -- chunks of a map (driver_chunks.cpp) --------------------------------------------------------
  /// Throws std::runtime_error for more than the chunk has left.
  void take_values(Occupant& occupant, detail::Chunk& chunk, const wire::ResultRecord& record);
  /// Its worker is dead. True: it died between two items, and so this one is lost to nobody.
  bool rescue_chunk(Occupant& occupant, Boarded& begun);
  /// Into how many chunks what is `left` of one goes, of which so much was done in `took` ns.
  std::uint32_t pieces_of(std::uint32_t left, std::uint32_t done, std::int64_t took) const;
  /// Before the scheduler hears that it has finished. settle_early_ends() follows.
  void end_chunk_early(detail::FutureState& state, std::int64_t took);
  void settle_early_ends();

  // -- the scheduler's actions (driver_actions.cpp) -----------------------------------------------
  void perform(const action::Spawn& what);
  void perform(const action::Assign& what);
  void perform(const action::Recall& what);
  void perform(const action::Inspect& what);
  void perform(const action::Stop& what);
  void perform(const action::Kill& what);
  void perform(const action::Retire& what);
  void perform(const action::Settle& what);
  void spawn(WorkerId worker);
  void send_run(Occupant& occupant, const std::vector<Dispatch>& tasks);
  ErrorRecord error_for(const detail::FutureState& state, SettleReason reason) const;

  static Time now();

  static constexpr auto first_contact_limit = std::chrono::seconds{10};

  std::shared_ptr<PoolCore> core_;
  DescriptorReserve reserve_;    // before those that take descriptors
  SupervisorHandle supervisor_;  // before the socket: a fork beside its threads copies held locks
  WorkerSocket socket_;
  Scheduler scheduler_;
  TaskBook tasks_;
  Actions actions_{};
  PoolCore::Round round_{};
  std::vector<EarlyEnd> early_ends_{};
  Time heard_at_{};       // when the results came that are being collected
  bool crowded_ = false;  // some worker is
  bool swept_ = false;
  std::uint64_t rests_ = 0;  // how often it has lain down
  std::vector<WorkerId> with_results_{};
  std::unordered_map<std::string, WorkerId> routes_{};
  std::vector<Streams> streams_;  // by seat, if captured
  std::optional<Loss> loss_{};    // of the worker whose end is being handled
  std::optional<ErrorRecord> broken_{};
  std::string last_start_failure_{};
  std::optional<Time> supervisor_deadline_{};  // for its first report; preload takes its time
  std::optional<Time> kill_all_at_{};  // after terminate_workers, or when leaving takes too long
  bool suspended_ = false;
  Time suspended_at_{};
  std::deque<std::shared_ptr<std::promise<void>>> suspending_{};  // orders not yet carried out
  bool closing_ = false;
  bool ended_ = false;  // terminate_workers or kill_workers: nothing starts
};

}  // namespace procfarm
