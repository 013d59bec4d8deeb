// SPDX-License-Identifier: MIT
// invoke.cpp - see invoke.hpp.
#include "invoke.hpp"

#include <exception>
#include <new>
#include <stdexcept>

#include <fmt/format.h>

#include <procfarm/wire/failure.hpp>

namespace procfarm::serving {

Invoker::Invoker() : buffer_(std::make_unique_for_overwrite<char[]>(wire::inline_result_limit)) {
  Writer writer;
  wire::encode_failure(
      writer, wire::capture_failure(Stage::run, std::make_exception_ptr(std::bad_alloc())));
  out_of_memory_ = writer.bytes();
  make_room();
}

void Invoker::make_room() { result_.emplace(buffer_.get(), wire::inline_result_limit); }

/// What a thunk calls when the result is encoded.
struct Invoker::Encoded {
  const Writer& result;
  AnswerTaker taker;
  bool taken = false;  // what a destructor throws after that is nobody's answer

  static void tell(void* context) {
    auto& self = *static_cast<Encoded*>(context);
    if (self.result.size() > wire::max_payload) {
      throw std::length_error(
          fmt::format("a result of {} bytes is larger than the limit of {} bytes",
                      self.result.size(), wire::max_payload));
    }
    self.taker.take(self.taker.context, {wire::ResultKind::value, self.result.bytes()});
    self.taken = true;
  }
};

void Invoker::invoke(const wire::FunctionTable& functions, FunctionId function,
                     std::string_view arguments, AnswerTaker taker) noexcept {
  if (result_->spilled()) make_room();  // a large result's memory is not kept for small ones
  result_->clear();
  Encoded encoded{*result_, taker};
  CallFrame frame{.arguments = Reader(arguments),
                  .result = *result_,
                  .encoded = &Encoded::tell,
                  .context = &encoded};
  try {
    const Thunk thunk = functions.find(function);
    if (thunk == nullptr) {
      throw std::runtime_error(
          fmt::format("this worker has no function {} of module {}: is the module built "
                      "differently here, or not loaded?",
                      function.index, function.module));
    }
    thunk(frame);
  } catch (...) {
    if (!encoded.taken) taker.take(taker.context, failed(frame.stage));
  }
}

Answer Invoker::invoke(const wire::FunctionTable& functions, FunctionId function,
                       std::string_view arguments) noexcept {
  Answer kept;
  const auto keep = [](void* to, const Answer& answer) { *static_cast<Answer*>(to) = answer; };
  invoke(functions, function, arguments, {keep, &kept});
  return kept;
}

Answer Invoker::cannot_be_stored() noexcept { return failed(Stage::encode_result); }

Answer Invoker::failed(Stage stage) noexcept {
  try {
    const wire::Failure failure = wire::capture_failure(stage, std::current_exception());
    make_room();
    wire::encode_failure(*result_, failure);
    const bool unserializable = wire::is_serialization_failure(failure);
    return {unserializable ? wire::ResultKind::unserializable : wire::ResultKind::threw,
            result_->bytes()};
  } catch (const std::exception&) {
    return {wire::ResultKind::threw, out_of_memory_};
  }
}

}  // namespace procfarm::serving
