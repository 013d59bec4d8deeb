// SPDX-License-Identifier: MIT
// impostor.cpp - a program that an executor takes for its supervisor and that plays all workers
// itself, over the real lines and memory, and not as it should: PROCFARM_IMPOSTOR says what is
// wrong with it. Where the first life of a worker is to be given up, the second one is honest:
// every task's result is the number 42. wire_input_test.cpp is its coordinator.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <zmq.hpp>

#include <procfarm/codec.hpp>
#include <procfarm/wire/chunk.hpp>
#include <procfarm/wire/control.hpp>
#include <procfarm/wire/doorbell.hpp>
#include <procfarm/wire/message.hpp>
#include <procfarm/wire/packet.hpp>
#include <procfarm/wire/seat.hpp>
#include <procfarm/wire/serve_config.hpp>  // control_fd

namespace {

using namespace procfarm;
using namespace procfarm::wire;

std::string answer() {
  Writer writer;
  encode(writer, 42);
  return std::string(writer.bytes());
}

/// A worker's end of its line.
class Peer {
 public:
  Peer(zmq::context_t& context, UniqueFd line) : socket_(context, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 200);
    socket_.set(zmq::sockopt::use_fd, line.get());
    socket_.bind("ipc://procfarm");  // no such file is made: the descriptor is bound already
    line.release();
  }
  void say(const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const bool more = i + 1 < frames.size();
      socket_.send(zmq::buffer(frames[i]), more ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
  }
  void say(const FromWorker& message) { say({wire::encode(message)}); }
  std::optional<ToWorker> hear() {
    zmq::message_t frame;
    if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return std::nullopt;
    const auto [payload, header] = split_frame({frame.data<char>(), frame.size()});
    return decode_to_worker(header.data(), header.size());
  }

 private:
  zmq::socket_t socket_;
};

/// One life of a worker.
struct Worker {
  Order order;
  Seat seat;
  ResultWriter results{seat};
  Doorbell bell;
  Peer peer;
  bool honest;

  Worker(const Order& given, Seat memory, zmq::context_t& context, UniqueFd line, UniqueFd bell_fd)
      : order(given),
        seat(std::move(memory)),
        bell(seat.page(), std::move(bell_fd)),
        peer(context, std::move(line)),
        honest(given.life.incarnation > 0) {}
  Hello hello() const {
    return {.token = std::string(reinterpret_cast<const char*>(order.token), sizeof order.token),
            .life = order.life,
            .pid = ::getpid()};
  }
};

class Impostor {
 public:
  explicit Impostor(std::string fault) : fault_(std::move(fault)) {}

  void run() {
    report({.kind = Report::Kind::ready});
    for (;;) {
      pollfd control{control_fd, POLLIN, 0};
      ::poll(&control, 1, 1);
      Order order;
      std::vector<UniqueFd> fds;
      const Received got = receive_packet(control_fd, &order, sizeof order, fds);
      if (got == Received::closed) return;
      if (got == Received::packet) obey(order, std::move(fds));
      for (auto& [seat, worker] : workers_) serve(*worker);
      std::erase_if(workers_, [](const auto& each) { return each.second->order.life == gone_; });
    }
  }

 private:
  void report(Report report) { send_packet(control_fd, &report, sizeof report, {}); }

  void obey(const Order& order, std::vector<UniqueFd> fds) {
    if (order.kind == Order::Kind::spawn) {
      Seat seat = Seat::adopt(std::move(fds.at(0)), std::move(fds.at(1)), std::move(fds.at(2)));
      auto worker = std::make_unique<Worker>(order, std::move(seat), context_, std::move(fds.at(3)),
                                             std::move(fds.at(4)));
      report({.kind = Report::Kind::started, .life = order.life, .pid = ::getpid()});
      greet(*worker);
      workers_[order.life.seat] = std::move(worker);
    } else if (order.kind == Order::Kind::kill) {
      end(order.life, SIGKILL);
    }
  }

  void end(SeatLife life, int status) {
    const auto found = workers_.find(life.seat);
    if (found == workers_.end() || !(found->second->order.life == life)) return;
    workers_.erase(found);
    report({.kind = Report::Kind::exited, .life = life, .status = status});
  }

  bool wrong(const Worker& worker, const char* fault) const {
    return !worker.honest && fault_ == fault;
  }

  void greet(Worker& worker) {
    if (fault_ == "junk first") say_junk(worker);
    Hello hello = worker.hello();
    if (fault_ == "version") hello.version = protocol_version + 1;
    worker.peer.say(hello);
    ready(worker);
  }

  // All this before the greeting: it comes from nobody.
  void say_junk(Worker& worker) {
    Peer& stranger = worker.peer;
    stranger.say({""});
    stranger.say({"", "", ""});
    stranger.say({std::string(1, '\xc1')});
    stranger.say({std::string("\xdd\xff\xff\xff\xff", 5)});
    stranger.say({std::string(70'000, '\x91')});
    stranger.say(std::vector<std::string>(20'000, "x"));
    stranger.say({wire::encode(FromWorker(Ready{})), "more"});
    stranger.say(Ready{});
    stranger.say(Failed{"nobody's"});
    Hello hello = worker.hello();
    hello.token = std::string(16, 't');
    stranger.say(hello);
    hello.token = "short";
    stranger.say(hello);
    hello = worker.hello();
    hello.life.seat = 4'000'000'000;
    stranger.say(hello);
    hello = worker.hello();
    hello.life.incarnation += 1;
    stranger.say(hello);
    std::string truncated = wire::encode(FromWorker(worker.hello()));
    truncated.pop_back();
    stranger.say({truncated});
  }

  void serve(Worker& worker) {
    while (const auto message = worker.peer.hear()) {
      if (const auto* run = std::get_if<Run>(&*message)) work(worker, *run);
      if (std::holds_alternative<Leave>(*message)) leave(worker, 0);
      if (worker.order.life == gone_) return;
    }
  }

  void leave(const Worker& worker, int status) {
    report({.kind = Report::Kind::exited, .life = worker.order.life, .status = status});
    gone_ = worker.order.life;
  }

  void ready(Worker& worker) {
    if (fault_ == "twice") {
      worker.peer.say(worker.hello());
      worker.peer.say(Ready{});
      worker.bell.ring(false);
    }
    worker.peer.say(Ready{});
    if (wrong(worker, "failed late")) worker.peer.say(Failed{"much too late"});
    if (wrong(worker, "junk")) worker.peer.say({"junk"});
  }

  void work(Worker& worker, const Run& run) {
    for (std::size_t i = 0; i < run.tasks.size(); ++i) {
      const Sequence sequence = run.first_sequence + i;
      const bool chunk = is_chunk(run.functions[i]);
      if (chunk) begin_items(worker.seat.page(), sequence);
      if (!begin_slot(worker.seat.page(), sequence, 1)) continue;
      if (wrong(worker, "dies before an item")) return leave(worker, SIGKILL);
      ResultRecord record;
      record.sequence = sequence;
      record.task = run.tasks[i];
      record.attempt = run.attempts[i];
      if (fault_ == "foreign results") write_foreign(worker, record);
      if (wrong(worker, "short arena")) return promise_too_much(worker, record);
      if (wrong(worker, "odd record")) {
        record.kind = static_cast<ResultKind>(77);
        worker.results.write(record, answer());
        worker.bell.ring(false);
        return;
      }
      if (chunk) {
        record.items = fault_ == "no item" ? 0 : 2;  // as many as the tests give it
        worker.results.write(record, record.items == 0 ? std::string() : answer() + answer());
        continue;
      }
      worker.results.write(record, answer());
    }
    worker.bell.ring(false);
    if (fault_ == "foreign results") worker.bell.ring(false);
  }

  // Of a task that is not there, of one that was never given to it, of other attempts, far ahead.
  static void write_foreign(Worker& worker, const ResultRecord& right) {
    ResultRecord record = right;
    record.task += 1000;
    worker.results.write(record, "wrong");
    record = right;
    record.attempt = 0xffffffff;
    worker.results.write(record, "wrong");
    record = right;
    record.sequence = ~Sequence{0};
    worker.results.write(record, "wrong");
    record.sequence = right.sequence + 3000;
    worker.results.write(record, "wrong");
  }

  // A large result of which nothing is there. The writer would not do that.
  static void promise_too_much(Worker& worker, ResultRecord record) {
    record.size = 1'000'000;
    record.arena_offset = 0;
    std::memcpy(worker.seat.page().ring, &record, sizeof record);
    worker.seat.page().ring_written = sizeof record;
    worker.bell.ring(false);
  }

  zmq::context_t context_{1};
  std::string fault_;
  std::map<std::uint32_t, std::unique_ptr<Worker>> workers_;
  static inline SeatLife gone_{~0U, ~0U};
};

}  // namespace

int main() {
  const char* fault = std::getenv("PROCFARM_IMPOSTOR");
  Impostor(fault == nullptr ? "" : fault).run();
}
