// SPDX-License-Identifier: MIT
// worker_socket.hpp - the coordinator's ROUTER. It listens nowhere: each worker inherits a
// listening socket of its own, and the coordinator connects to that. So nobody can connect to the
// user's program, and libzmq, which aborts a process that has no descriptor left for a connection
// that it accepts (ipc_listener.cpp, EMFILE), only tries again for one that it makes. Nobody else
// in the coordinator touches a socket. Driver thread only.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include <zmq.hpp>

#include <procfarm/duration.hpp>
#include <procfarm/wire/control.hpp>
#include <procfarm/wire/unique_fd.hpp>

namespace procfarm {

/// One message as it came from a worker.
struct Envelope {
  std::string routing_id;
  zmq::message_t header;
};

class WorkerSocket {
 public:
  /// Makes a private directory below $XDG_RUNTIME_DIR or the temporary directory. Throws
  /// std::system_error, zmq::error_t.
  WorkerSocket();
  WorkerSocket(const WorkerSocket&) = delete;
  WorkerSocket& operator=(const WorkerSocket&) = delete;
  ~WorkerSocket() { close(); }

  /// Removes the directories beside ours whose owners were killed. It looks at all that lies there.
  void sweep();

  /// The socket at which one worker will listen. Makes the directory anew if somebody has cleaned
  /// it up. Throws as the constructor.
  wire::UniqueFd open_line(wire::SeatLife life);
  /// From now on a connection to it is being made.
  void connect_line(wire::SeatLife life);
  /// The connection is made: its name disappears, nobody else can make one.
  void line_is_up(wire::SeatLife life);
  /// What connect_line() connects to.
  std::string endpoint_of(wire::SeatLife life) const;
  /// That worker is gone, or could not be started.
  void close_line(wire::SeatLife life);
  /// Queues one frame for one worker. False if that worker is not connected any more; its tasks
  /// come back with the report of its end.
  bool send(const std::string& routing_id, std::string frame);
  /// The next message; frames beyond the header are dropped. False if there is none.
  bool receive(Envelope& envelope);
  /// Blocks until a message is there, one of `fds` is readable or `limit` has passed.
  void wait(std::span<const int> fds, std::optional<Duration> limit);
  /// Ends the connections, and ZeroMQ; the directory goes. Nothing but the destructor may follow.
  void close();

 private:
  std::string path_of(wire::SeatLife life) const;
  void own_directory();

  std::string directory_;
  wire::UniqueFd lock_;     // on the directory: its owner lives
  zmq::context_t context_;  // outlives the socket
  zmq::socket_t router_;
};

}  // namespace procfarm
