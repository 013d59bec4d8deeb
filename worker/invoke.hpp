// SPDX-License-Identifier: MIT
// invoke.hpp - runs one function on encoded arguments. What it throws, at whatever stage, is its
// answer and becomes bytes like any result.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <procfarm/codec/writer.hpp>
#include <procfarm/function_id.hpp>
#include <procfarm/wire/modules.hpp>
#include <procfarm/wire/seat.hpp>

namespace procfarm::serving {

/// What came of one call; `bytes` is valid until the next call.
struct Answer {
  wire::ResultKind kind = wire::ResultKind::value;
  std::string_view bytes;
};

/// Takes the answer of a call, exactly once. Must not throw.
struct AnswerTaker {
  void (*take)(void* context, const Answer& answer);
  void* context;
};

/// Keeps the memory for results. One thread at a time.
class Invoker {
 public:
  Invoker();

  /// Never throws: there always is an answer. A value is given away before the object that the
  /// function returned is destroyed. A call that leaves by other ways (exit, a signal,
  /// pthread_exit) ends the process.
  void invoke(const wire::FunctionTable& functions, FunctionId function, std::string_view arguments,
              AnswerTaker taker) noexcept;
  /// The same for one that may wait: the answer is valid until the next call.
  Answer invoke(const wire::FunctionTable& functions, FunctionId function,
                std::string_view arguments) noexcept;
  /// The answer for what is being handled, which stopped a result that was good until then.
  Answer cannot_be_stored() noexcept;

 private:
  struct Encoded;

  Answer failed(Stage stage) noexcept;
  void make_room();

  std::unique_ptr<char[]> buffer_;  // not cleared: most results are small
  std::optional<Writer> result_;    // in buffer_, or on the heap for one large result
  std::string out_of_memory_;       // the answer when there is no memory to make one
};

}  // namespace procfarm::serving
