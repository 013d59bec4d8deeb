// SPDX-License-Identifier: MIT
// line.cpp - see line.hpp.
#include "line.hpp"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <procfarm/wire/blocks.hpp>
#include <procfarm/wire/seat.hpp>
#include <procfarm/wire/signals_blocked.hpp>

namespace procfarm::serving {
namespace {

constexpr int protocol_error_status = 70;
constexpr int farewell_ms = 1000;
constexpr std::chrono::microseconds awake_time{50};

bool is_readable(int fd, int timeout = 0) {
  pollfd item{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&item, 1, timeout) > 0;
}
void wait_for(int fd) { is_readable(fd, -1); }

zmq::socket_t listen(zmq::context_t& context, wire::UniqueFd& line) {
  const wire::AllSignalsBlocked blocked;  // inherited by the threads of ZeroMQ
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::sndhwm, 64);
  socket.set(zmq::sockopt::rcvhwm, 4 * static_cast<int>(wire::slot_count));
  socket.set(zmq::sockopt::maxmsgsize, std::int64_t{2} * wire::max_payload);
  socket.set(zmq::sockopt::sndtimeo, farewell_ms);  // the last messages only; others do not wait
  socket.set(zmq::sockopt::use_fd, line.get());
  socket.bind("ipc://procfarm");  // no such file is made: the descriptor is bound already
  line.release();
  return socket;
}

/// False: nothing there now.
bool receive(zmq::socket_t& socket, zmq::message_t& message) {
  for (;;) {
    if (zmq_msg_recv(message.handle(), socket.handle(), ZMQ_DONTWAIT) >= 0) return true;
    if (zmq_errno() == EAGAIN) return false;
    if (zmq_errno() != EINTR) throw zmq::error_t();
  }
}

void check(const wire::Run& run, std::string_view payload) {
  std::uint64_t bytes = 0;
  for (const std::uint32_t size : run.sizes) bytes += wire::bytes_in_batch(size);
  const auto count = run.tasks.size();
  if (run.attempts.size() != count || run.functions.size() != count || run.sizes.size() != count ||
      bytes != payload.size()) {
    throw std::runtime_error("a batch whose columns do not fit together");
  }
}

}  // namespace

Line::Line(WorkerSeat& seat)
    : seat_(seat),
      socket_(listen(context_, seat.line)),
      fd_(socket_.get(zmq::sockopt::fd)),
      may_spin_(std::thread::hardware_concurrency() > 1) {
  post(wire::Hello{.token = seat.token, .life = seat.life, .pid = ::getpid()});
}

std::optional<Work> Line::take() {
  if (!has_news()) exchange();
  while (!has_news()) {
    const auto since = Clock::now();
    soon_ ? stay_awake(since + awake_time) : wait_for(fd_);
    exchange();
    soon_ = may_spin_ && Clock::now() - since < awake_time;
  }
  if (arrived_.empty()) return std::nullopt;
  Work work = std::move(arrived_.front());
  arrived_.pop_front();
  return work;
}

void Line::stay_awake(Clock::time_point until) const {
  while (Clock::now() < until) {
    if (is_readable(fd_)) return;
    std::this_thread::yield();  // what is to come may need this very processor
  }
}

bool Line::has_more() {
  if (!has_news()) exchange();
  return has_news();
}

void Line::post(const wire::FromWorker& message) {
  outgoing_.push_back(wire::encode(message));
  exchange();
}

void Line::greet() { wait_for_connection(); }

void Line::wait_for_connection() {
  while (!connected_ && !outgoing_.empty()) {
    wait_for(fd_);
    exchange();
  }
}

void Line::finish() {
  if (closed_ && outgoing_.empty()) return;  // nothing is left to say; the process ends anyway
  wait_for_connection();
  send_outgoing(0);
  socket_.set(zmq::sockopt::linger, farewell_ms);
  socket_.close();
  context_.close();
}

void Line::exchange() {
  try {
    exchange_all();
  } catch (const std::exception& error) {
    fmt::print(stderr, "procfarm: worker {} (pid {}) cannot go on: {}\n", seat_.life.seat,
               ::getpid(), error.what());
    std::fflush(stderr);
    ::_exit(protocol_error_status);
  }
}

void Line::exchange_all() {
  // The socket's descriptor tells only of changes, and either direction may swallow the other's: so
  // both are asked again until neither can go on.
  for (bool again = true; again;) {
    const bool had_outgoing = !outgoing_.empty();
    send_outgoing(ZMQ_DONTWAIT);
    receive_all();
    if (!had_outgoing) return;
    const int events = socket_.get(zmq::sockopt::events);
    again = (events & ZMQ_POLLIN) != 0 || ((events & ZMQ_POLLOUT) != 0 && !outgoing_.empty());
  }
}

void Line::send_outgoing(int flags) {
  while (!outgoing_.empty()) {
    const std::string& bytes = outgoing_.front();
    if (zmq_send(socket_.handle(), bytes.data(), bytes.size(), flags) < 0) {
      if (zmq_errno() == EINTR) continue;
      if (zmq_errno() == EAGAIN) return;  // not connected yet, or the other end is slow
      throw zmq::error_t();
    }
    connected_ = true;
    outgoing_.pop_front();
  }
}

void Line::receive_all() {
  for (;;) {
    zmq::message_t frame;
    if (!receive(socket_, frame)) return;
    if (!is_from_coordinator(frame)) continue;
    if (frame.more()) throw std::runtime_error("a message of too many parts");
    accept(std::move(frame));
  }
}

// "name:uid:gid:pid" of whoever has connected, from the kernel. As long as the line has a name in
// its private directory another process of this user, or root, could have connected too.
bool Line::is_from_coordinator(const zmq::message_t& frame) {
  const char* const address = zmq_msg_gets(frame.handle(), "Peer-Address");
  if (address == nullptr) return false;
  if (coordinator_ == address) return true;
  unsigned uid = 0;
  int pid = 0;
  const char* const numbers = std::strchr(address, ':');
  if (numbers == nullptr || std::sscanf(numbers, ":%u:%*u:%d", &uid, &pid) != 2) return false;
  if (uid != ::geteuid() || pid != seat_.farm.coordinator_pid) return false;
  coordinator_ = address;
  return true;
}

void Line::accept(zmq::message_t frame) {
  const auto [payload, header] = wire::split_frame({frame.data<char>(), frame.size()});
  wire::ToWorker message = wire::decode_to_worker(header.data(), header.size());
  if (auto* run = std::get_if<wire::Run>(&message)) {
    check(*run, payload);
    arrived_.push_back(Batch{std::move(*run), std::move(frame)});
  } else if (auto* modules = std::get_if<wire::Modules>(&message)) {
    arrived_.push_back(std::move(*modules));
  } else {
    closed_ = true;
  }
}

}  // namespace procfarm::serving
