// SPDX-License-Identifier: MIT
// worker_socket.cpp - see worker_socket.hpp.
#include "worker_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "thread_trial.hpp"

namespace procfarm {
namespace {

constexpr std::int64_t max_header = 4 << 20;  // an encoded failure of an initializer may be long
constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t longest_name = sizeof "/procfarm-XXXXXX/ffffffff.ffffffff" - 1;

std::string usable_parent() {
  for (const char* variable : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value != '/') continue;
    if (std::string(value).size() + longest_name > longest_socket_path) continue;
    if (::access(value, W_OK | X_OK) == 0) return value;
  }
  return "/tmp";
}

constexpr std::string_view directory_prefix = "procfarm-";
constexpr std::string_view directory_suffix = "XXXXXX";  // for mkdtemp
constexpr const char* owned_mark = "/owned";

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string make_directory(const std::string& parent) {
  std::string path = fmt::format("{}/{}{}", parent, directory_prefix, directory_suffix);
  if (::mkdtemp(path.data()) == nullptr) fail("mkdtemp " + path);
  ::chmod(path.c_str(), 0700);  // whatever the umask leaves of that
  return path;
}

/// Holds the directory's lock; without one if another process does.
wire::UniqueFd lock_directory(const std::string& path) {
  wire::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  const bool ours = fd && ::fstat(fd.get(), &status) == 0 && status.st_uid == ::geteuid();
  if (!ours || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return fd;
}

bool same_directory(int fd, const std::string& path) {
  struct stat opened {
  }, named{};
  return ::fstat(fd, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

wire::UniqueFd listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, longest_socket_path);
  wire::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) fail("socket for a worker");
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("bind " + path);
  if (::listen(fd.get(), 4) != 0) fail("listen at " + path);
  return fd;
}

/// As make_directory() names them. Others that begin like that are somebody's own.
bool is_our_name(std::string_view name) {
  return name.starts_with(directory_prefix) &&
         name.size() == directory_prefix.size() + directory_suffix.size();
}

/// An owner that died before it had set its mark has left an empty directory.
bool is_forgotten(const std::string& path) {
  constexpr std::chrono::seconds longest_start{60};
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
  if (status.st_uid != ::geteuid()) return false;
  return ::time(nullptr) - status.st_mtime > longest_start.count();
}

/// One with a mark and without a lock has lost its owner: the lock is always taken first.
void remove_stale_directories(const std::string& parent) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(parent, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path();
    if (!is_our_name(entry->path().filename().string())) continue;
    if (::access((path + owned_mark).c_str(), F_OK) != 0) {
      if (is_forgotten(path)) ::rmdir(path.c_str());  // fails if it is not empty
      continue;
    }
    const wire::UniqueFd lock = lock_directory(path);
    if (!lock) continue;
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
}

/// Smaller frames are copied.
constexpr std::size_t worth_keeping = 1024;

// Called by a thread of ZeroMQ.
void delete_sent_bytes(void*, void* owned) { delete static_cast<std::string*>(owned); }

/// Started with its first socket; it aborts the program if it cannot.
constexpr int threads_of_zeromq = 2;

}  // namespace

WorkerSocket::WorkerSocket() : directory_(make_directory(usable_parent())), context_(1) {
  try {
    own_directory();
    try_threads(threads_of_zeromq);
    router_ = zmq::socket_t(context_, zmq::socket_type::router);
    router_.set(zmq::sockopt::linger, 0);
    router_.set(zmq::sockopt::router_mandatory, true);
    router_.set(zmq::sockopt::sndhwm, 0);  // the credit windows bound what is under way
    router_.set(zmq::sockopt::rcvhwm, 0);
    router_.set(zmq::sockopt::maxmsgsize, max_header);
    router_.set(zmq::sockopt::handshake_ivl, 0);  // a worker takes the time that it needs to start
    router_.set(zmq::sockopt::reconnect_ivl, 20);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
    throw;
  }
}

void WorkerSocket::sweep() {
  remove_stale_directories(std::filesystem::path(directory_).parent_path());
}

void WorkerSocket::own_directory() {
  lock_ = lock_directory(directory_);
  const wire::UniqueFd mark(::open((directory_ + owned_mark).c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock_ || !mark) fail("lock and mark " + directory_);
}

std::string WorkerSocket::path_of(wire::SeatLife life) const {
  return fmt::format("{}/{:x}.{:x}", directory_, life.seat, life.incarnation);
}

std::string WorkerSocket::endpoint_of(wire::SeatLife life) const {
  return "ipc://" + path_of(life);
}

wire::UniqueFd WorkerSocket::open_line(wire::SeatLife life) {
  if (!lock_ || !same_directory(lock_.get(), directory_)) {
    if (::mkdir(directory_.c_str(), 0700) != 0)
      fail("the directory of the workers' sockets is gone: mkdir " + directory_);
    own_directory();
  }
  return listen_at(path_of(life));
}

void WorkerSocket::connect_line(wire::SeatLife life) { router_.connect(endpoint_of(life)); }

void WorkerSocket::line_is_up(wire::SeatLife life) { ::unlink(path_of(life).c_str()); }

void WorkerSocket::close_line(wire::SeatLife life) {
  ::unlink(path_of(life).c_str());
  if (zmq_disconnect(router_.handle(), endpoint_of(life).c_str()) != 0 && zmq_errno() != ENOENT)
    throw zmq::error_t();
}

void WorkerSocket::close() {
  if (directory_.empty()) return;
  router_.close();
  context_.close();
  std::error_code ignored;
  std::filesystem::remove_all(std::exchange(directory_, {}), ignored);
  lock_.reset();
}

bool WorkerSocket::send(const std::string& routing_id, std::string frame) {
  using zmq::send_flags;
  try {
    if (!router_.send(zmq::buffer(routing_id), send_flags::sndmore | send_flags::dontwait))
      return false;
    if (frame.size() < worth_keeping)
      return router_.send(zmq::buffer(frame), send_flags::dontwait).has_value();
    auto* const bytes = new std::string(std::move(frame));
    zmq::message_t message(bytes->data(), bytes->size(), &delete_sent_bytes, bytes);
    return router_.send(message, send_flags::dontwait).has_value();
  } catch (const zmq::error_t& error) {
    if (error.num() == EHOSTUNREACH) return false;
    throw;
  }
}

bool WorkerSocket::receive(Envelope& envelope) {
  zmq::message_t frame;
  if (!router_.recv(frame, zmq::recv_flags::dontwait)) return false;
  envelope.routing_id.assign(frame.data<char>(), frame.size());
  envelope.header.rebuild();
  bool more = frame.more();
  for (std::size_t i = 0; more; ++i) {
    zmq::message_t& into = i == 0 ? envelope.header : frame;
    if (!router_.recv(into, zmq::recv_flags::dontwait)) break;
    more = into.more();
  }
  return true;
}

void WorkerSocket::wait(std::span<const int> fds, std::optional<Duration> limit) {
  // The socket's descriptor tells only of changes: what is there already has to be asked for.
  if ((router_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) return;
  std::vector<pollfd> items{{router_.get(zmq::sockopt::fd), POLLIN, 0}};
  for (const int fd : fds) items.push_back({fd, POLLIN, 0});
  timespec time{};
  if (limit) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*limit);
    time.tv_sec = seconds.count();
    time.tv_nsec = (*limit - seconds).count();
  }
  ::ppoll(items.data(), items.size(), limit ? &time : nullptr, nullptr);
}

}  // namespace procfarm
