// SPDX-License-Identifier: MIT
// channel.cpp - see channel.hpp.
#include "channel.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <procfarm/wire/blocks.hpp>

#include "clean_start.hpp"
#include "process_tree.hpp"

namespace procfarm::serving {

using namespace std::chrono_literals;

namespace {

constexpr int protocol_error_status = 70;

zmq::socket_t listen(zmq::context_t& context, wire::UniqueFd& line) {
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::sndhwm, 64);
  socket.set(zmq::sockopt::rcvhwm, 4 * static_cast<int>(wire::slot_count));
  socket.set(zmq::sockopt::maxmsgsize, std::int64_t{2} * wire::max_payload);
  socket.set(zmq::sockopt::sndtimeo, 1000);  // for the last messages only, all others do not wait
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

/// Signals belong to the main thread and to what the tasks start.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Channel::Channel(WorkerSeat& seat, RunningTask& running, TaskQueue& queue)
    : seat_(seat),
      running_(running),
      queue_(queue),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
  const AllSignalsBlocked blocked;  // inherited by the thread, and by those of ZeroMQ
  thread_ = std::thread(&Channel::run, this);
}

void Channel::post(const wire::FromWorker& message) {
  {
    const std::lock_guard lock(posts_mutex_);
    posts_.push_back(wire::encode(message));
  }
  wake();
}

void Channel::finish() {
  finished_.store(true);
  wake();
  thread_.join();
}

void Channel::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(wake_.get(), &one, sizeof one);
}

void Channel::run() {
  try {
    zmq::context_t context(1);
    zmq::socket_t socket = listen(context, seat_.line);
    outgoing_.push_back(wire::encode(wire::FromWorker(
        wire::Hello{.token = seat_.token, .life = seat_.life, .pid = ::getpid()})));
    serve(socket);
    socket.set(zmq::sockopt::linger, 1000);
  } catch (const std::exception& error) {
    fmt::print(stderr, "procfarm: worker {} (pid {}) cannot go on: {}\n", seat_.life.seat,
               ::getpid(), error.what());
    std::fflush(stderr);
    ::_exit(protocol_error_status);
  }
}

void Channel::serve(zmq::socket_t& socket) {
  const int socket_fd = socket.get(zmq::sockopt::fd);
  while (!finished_.load()) {
    collect_posts();
    exchange(socket);
    rest(socket_fd);
  }
  collect_posts();
  send_outgoing(socket, 0);
}

void Channel::collect_posts() {
  const std::lock_guard lock(posts_mutex_);
  for (std::string& post : posts_) outgoing_.push_back(std::move(post));
  posts_.clear();
}

void Channel::send_outgoing(zmq::socket_t& socket, int flags) {
  while (!outgoing_.empty()) {
    const std::string& bytes = outgoing_.front();
    if (zmq_send(socket.handle(), bytes.data(), bytes.size(), flags) < 0) {
      if (zmq_errno() == EINTR) continue;
      if (zmq_errno() == EAGAIN) return;  // not connected yet, or the other end is slow
      throw zmq::error_t();
    }
    outgoing_.pop_front();
  }
}

void Channel::exchange(zmq::socket_t& socket) {
  // The socket's descriptor tells only of changes, and either direction may swallow the other's: so
  // both are asked again until neither can go on.
  for (bool again = true; again;) {
    const bool had_outgoing = !outgoing_.empty();
    send_outgoing(socket, ZMQ_DONTWAIT);
    receive_all(socket);
    if (!had_outgoing) return;
    const int events = socket.get(zmq::sockopt::events);
    again = (events & ZMQ_POLLIN) != 0 || ((events & ZMQ_POLLOUT) != 0 && !outgoing_.empty());
  }
}

void Channel::receive_all(zmq::socket_t& socket) {
  for (;;) {
    zmq::message_t frame;
    if (!receive(socket, frame)) return;
    if (!is_from_coordinator(frame)) continue;
    if (frame.more()) throw std::runtime_error("a message of too many parts");
    accept(std::move(frame));
  }
}

// "name:uid:gid:pid" of whoever has connected, from the kernel. As long as the line has a name in
// its private directory another process of this user, or root, could have connected too.
bool Channel::is_from_coordinator(const zmq::message_t& frame) {
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

void Channel::accept(zmq::message_t frame) {
  const auto [payload, header] = wire::split_frame({frame.data<char>(), frame.size()});
  wire::ToWorker message = wire::decode_to_worker(header.data(), header.size());
  if (auto* run = std::get_if<wire::Run>(&message)) {
    check(*run, payload);
    queue_.push(Batch{std::move(*run), std::move(frame)});
  } else if (auto* modules = std::get_if<wire::Modules>(&message)) {
    queue_.push(std::move(*modules));
  } else if (std::holds_alternative<wire::Stop>(message)) {
    running_.stop_if_asked();
  } else {
    queue_.close();
  }
}

void Channel::rest(int socket_fd) {
  pollfd items[] = {{socket_fd, POLLIN, 0},
                    {wake_.get(), POLLIN, 0},
                    {seat_.supervisor.get(), POLLIN, 0},
                    {seat_.coordinator.get(), POLLIN, 0}};
  if (::poll(items, std::size(items), -1) <= 0) return;
  if (items[1].revents != 0) {
    std::uint64_t count;
    [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  }
  if (items[2].revents != 0 || items[3].revents != 0) die_with_all_below();
}

void Channel::die_with_all_below() {
  // Done by a child: it can stop this process first, so that no task starts anything meanwhile.
  const pid_t worker = ::getpid();
  const pid_t killer = ::fork();
  if (killer == 0) {
    close_all_but({});
    kill_tree(worker, 10s, ::getpid());
    ::_exit(0);
  }
  if (killer < 0) {
    kill_below(worker, 10s);
    ::_exit(0);
  }
  for (;;) ::pause();
}

}  // namespace procfarm::serving
