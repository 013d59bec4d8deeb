// SPDX-License-Identifier: MIT
// message.hpp - the protocol between coordinator (ROUTER) and worker (DEALER): two closed sets of
// messages. Each message has a header (msgpack, strict: exact arity, nothing trailing) and, for Run
// only, one opaque payload with the arguments of all its tasks, one after the other.
//
// A message is one frame, to the worker: payload, header, size of the header (4 bytes). libzmq
// (4.3.4, session_base.cpp, clean_pipes) aborts the program when a connection that it was told to
// give up breaks between the frames of one message, and workers do die at any moment.
//
//   worker                                   coordinator
//     Hello  ------------------------------->   version, token and life are checked, else ignored
//     (runs the initializer)
//     Ready  ------------------------------->   or Failed: the initializer threw
//     <------------------------------- Modules  only if some came after the executor was made
//     <----------------------------------- Run  many tasks; sequence numbers go on from the last
//     <--------------------------------- Leave  finish what is queued, then exit with 0
//
// Per-task columns travel as one binary block each. Of results no message tells: they lie in the
// seat (seat.hpp), and a worker rings when the coordinator sleeps (doorbell.hpp). Nor is there one
// that stops a task: nobody reads the line while a task runs. Seat::ask_to_stop() does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <procfarm/wire/control.hpp>

namespace procfarm {
class Reader;
class Writer;
}  // namespace procfarm

namespace procfarm::wire {

inline constexpr std::uint32_t protocol_version = 7;

// -- to the worker ------------------------------------------------------------------------------

/// Modules `first`, `first + 1`, ... are these from now on: those that came after the executor
/// (SupervisorConfig has the others; 0 is the library's own).
struct Modules {
  std::uint32_t first = 1;
  std::vector<ModuleName> modules;
};

/// Columns of equal length; the payload holds the sum of bytes_in_batch(size) (blocks.hpp).
struct Run {
  std::uint64_t first_sequence = 0;
  std::vector<std::uint64_t> tasks;
  std::vector<std::uint32_t> attempts;
  std::vector<std::uint64_t> functions;  // packed FunctionId
  std::vector<std::uint32_t> sizes;
};
struct Leave {};
using ToWorker = std::variant<Modules, Run, Leave>;

// -- from the worker ----------------------------------------------------------------------------

struct Hello {
  std::uint32_t version = protocol_version;
  std::string token;  // 16 bytes
  SeatLife life;
  std::int32_t pid = 0;
};
struct Ready {};
/// The initializer threw; `failure` is an encoded Failure.
struct Failed {
  std::string failure;
};
using FromWorker = std::variant<Hello, Ready, Failed>;

/// Header bytes of one message.
std::string encode(const ToWorker& message);
std::string encode(const FromWorker& message);

/// The frame of a message for a worker; `payload` goes in front.
std::string frame(const ToWorker& message, std::string payload = {});
struct FrameParts {
  std::string_view payload;
  std::string_view header;
};
/// Throws CodecError if these bytes are no frame.
FrameParts split_frame(std::string_view frame);
/// Throws CodecError for anything that is not exactly one well-formed message.
ToWorker decode_to_worker(const char* data, std::size_t size);
FromWorker decode_from_worker(const char* data, std::size_t size);

/// As part of a longer text.
void encode(Writer& writer, const std::vector<ModuleName>& modules);
/// Throws what Reader throws.
std::vector<ModuleName> decode_modules(Reader& reader);

}  // namespace procfarm::wire
