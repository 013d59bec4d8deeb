// SPDX-License-Identifier: MIT
// failure_test.cpp - what a task throws comes back as what it was, with its causes.
#include <procfarm/errors.hpp>
#include <procfarm/register_exception.hpp>
#include <procfarm/wire/failure.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "failure_support.hpp"

using namespace procfarm;
using namespace std::string_literals;
using namespace failures;

namespace {

struct Unknown : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct TooLate : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct ByText : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct ByValue : std::exception {
  int code = 0;
  const char* what() const noexcept override { return "by value"; }
  MSGPACK_DEFINE(code)
};
struct NoException {  // derives from nothing
  int depth = 0;
  MSGPACK_DEFINE(depth)
};
struct Sealed final : std::logic_error {
  using std::logic_error::logic_error;
};
const bool registered =
    register_exception<ByText>("ByText") && register_exception<ByValue>("ByValue") &&
    register_exception<NoException>("NoException") && register_exception<Sealed>("Sealed");

template <class E>
bool is_refused(const char* name) {
  try {
    register_exception<E>(name);
  } catch (const std::logic_error&) {
    return true;
  }
  return false;
}
const bool registered_again = register_exception<ByText>("ByText");
const bool second_name_is_refused = is_refused<ByText>("Another");
const bool second_type_is_refused = is_refused<Unknown>("ByText");

}  // namespace

TEST_CASE("each rebuild is an object of its own") {
  const wire::Failure failure =
      wire::capture_failure(Stage::run, std::make_exception_ptr(std::runtime_error("text")));
  const void* first = nullptr;
  const auto one = wire::rebuild(failure, task);
  const auto two = wire::rebuild(failure, task);
  expect<std::runtime_error>(one, [&](const auto& error) { first = &error; });
  expect<std::runtime_error>(two, [&](const auto& error) { CHECK(&error != first); });
}

TEST_CASE("a type that nobody has registered becomes a RemoteError with its name and text") {
  expect<RemoteError>(carried(Unknown("strange")), [](const RemoteError& error) {
    CHECK(error.type_name().find("Unknown") != std::string::npos);
    CHECK(error.message() == "strange");
    CHECK(error.task_id() == "17");
    CHECK(error.attempt() == 2);
    CHECK(std::string(error.what()) ==
          "task 'resize' (id 17, attempt 2) on worker pid 912 at node1 failed: " +
              error.type_name() + ": strange");
  });
}

TEST_CASE("what unwinds a thread that is ended becomes a RemoteError that says so") {
  expect<RemoteError>(carried(std::exception_ptr()), [](const RemoteError& error) {
    CHECK(error.message().find("pthread_exit") != std::string::npos);
  });
}

TEST_CASE("what is no exception at all becomes a RemoteError") {
  expect<RemoteError>(carried(thrown_by([] { throw 42; })), [](const RemoteError& error) {
    CHECK(error.type_name() == "int");
    CHECK(error.message() == "unknown exception");
  });
  expect<RemoteError>(carried(thrown_by([] { throw "text"; })), [](const RemoteError& error) {
    CHECK(error.message() == "unknown exception: text");
  });
}

TEST_CASE("registered types come back as themselves, by text or by value") {
  comes_back(ByText("own text"));
  ByValue error;
  error.code = 7;
  comes_back(error);
  expect<ByValue>(carried(error), [](const ByValue& back) { CHECK(back.code == 7); });
  expect<Sealed>(carried(Sealed("sealed")),
                 [](const Sealed& back) { CHECK(back.what() == "sealed"s); });
  expect<NoException>(carried(NoException{3}),
                      [](const NoException& back) { CHECK(back.depth == 3); });
}

TEST_CASE("causes stay nested, each as its own type") {
  const auto thrown = thrown_by([] {
    try {
      try {
        throw std::out_of_range("inner");
      } catch (...) {
        std::throw_with_nested(ByText("middle"));
      }
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outer"));
    }
  });
  expect<std::runtime_error>(carried(thrown), [](const std::runtime_error& outer) {
    CHECK(outer.what() == "outer"s);
    CHECK(remote_info(outer)->type_name() == "std::runtime_error");
    REQUIRE(remote_info(outer)->causes().size() == 2);
    CHECK(remote_info(outer)->causes()[1] == "std::out_of_range: inner");
    const auto middle = thrown_by([&] { std::rethrow_if_nested(outer); });
    expect<ByText>(middle, [](const ByText& error) {
      CHECK(error.what() == "middle"s);
      const auto inner = thrown_by([&] { std::rethrow_if_nested(error); });
      expect<std::out_of_range>(inner, [](const auto& last) { CHECK(last.what() == "inner"s); });
    });
  });
}

TEST_CASE("causes are cut at sixteen and texts at 64 KiB") {
  std::exception_ptr error = std::make_exception_ptr(std::runtime_error(std::string(100'000, 'x')));
  for (int i = 0; i < 30; ++i) error = detail::with_cause(std::runtime_error("level"), error);
  CHECK(wire::capture_failure(Stage::run, error).causes.size() == 16);
  const auto long_text = std::make_exception_ptr(std::runtime_error(std::string(100'000, 'x')));
  CHECK(wire::capture_failure(Stage::run, long_text).causes[0].message.size() < 66'000);
}

TEST_CASE(
    "what goes wrong while arguments or a result are read or written is a SerializationError") {
  const auto error = std::make_exception_ptr(CodecError("argument 1: expected uint8, got 300"));
  expect<SerializationError>(
      carried(error, Stage::decode_arguments), [](const SerializationError& back) {
        CHECK(back.stage() == "decode arguments");
        CHECK(std::string(back.what()).find("expected uint8, got 300") != std::string::npos);
        CHECK(back.task_name() == "resize");
      });
  expect<SerializationError>(carried(error, Stage::encode_result),
                             [](const auto& back) { CHECK(back.stage() == "encode result"); });
  const auto failure = wire::capture_failure(Stage::encode_result, error);
  CHECK(wire::is_serialization_failure(failure));
  CHECK_FALSE(wire::is_serialization_failure(wire::capture_failure(Stage::run, error)));
}

TEST_CASE("an error that a task got from a task of its own keeps its name and text") {
  expect<RemoteError>(carried(carried(Unknown("strange"))), [](const RemoteError& error) {
    CHECK(error.type_name().find("Unknown") != std::string::npos);
    CHECK(error.message() == "strange");
  });
  expect<std::out_of_range>(carried(carried(std::out_of_range("far"))),
                            [](const auto& error) { CHECK(error.what() == "far"s); });
  expect<SerializationError>(
      carried(carried(std::make_exception_ptr(CodecError("bad")), Stage::decode_arguments)),
      [](const SerializationError& error) {
        CHECK(error.stage() == "decode arguments");
        CHECK(error.cause() == "bad");
      });
  expect<RemoteError>(carried(WorkerLost(task, 11, -1)), [](const RemoteError& error) {
    CHECK(error.type_name() == "procfarm::WorkerLost");
  });
}

TEST_CASE("bytes that are no failure become an error that says so") {
  Writer writer;
  wire::encode_failure(
      writer, wire::capture_failure(Stage::run, std::make_exception_ptr(std::runtime_error("x"))));
  for (std::size_t size = 0; size < writer.size(); ++size) {
    CHECK_THROWS_AS(wire::decode_failure(writer.data(), size), CodecError);
    expect<RemoteError>(wire::rebuild(writer.data(), size, task), [](const RemoteError& error) {
      CHECK(error.message().find("cannot be read") != std::string::npos);
    });
  }
  CHECK_THROWS_AS(wire::decode_failure("\x93\x09\xa0\x90", 4), CodecError);
  CHECK_THROWS_AS(wire::decode_failure("\x93\x01\xa0\x90", 4), CodecError);
}

TEST_CASE("a loss tells the signal or the exit code, and the last words") {
  const WorkerLost killed(task, 11, -1, "stack smashed\n");
  CHECK(std::string(killed.what()) ==
        "task 'resize' (id 17, attempt 2) was lost: its worker (pid 912 at node1) was killed by "
        "SIGSEGV; its stderr ended with:\nstack smashed\n");
  CHECK(killed.signal() == 11);
  CHECK(killed.exit_code() == -1);
  const WorkerLost left({.id = "3"}, 0, 7);
  CHECK(std::string(left.what()) == "task 3 was lost: its worker left with exit code 7");
  CHECK(wire::signal_name(9) == "SIGKILL");
  CHECK(wire::signal_name(63) == "signal 63");
}

TEST_CASE("errors of the farm contain their causes' texts and nest their causes") {
  CHECK(std::string(TaskTimeout(task, std::chrono::milliseconds(1500)).what()) ==
        "task 'resize' (id 17, attempt 2) on worker pid 912 at node1 exceeded its time limit of "
        "1.5s and was stopped");
  const auto cause = std::make_exception_ptr(std::runtime_error("no licence"));
  const auto error = detail::with_cause(BrokenProcessPool(wire::summary(cause)), cause);
  expect<BrokenProcessPool>(error, [](const BrokenProcessPool& broken) {
    CHECK(std::string(broken.what()).find("std::runtime_error: no licence") != std::string::npos);
    const auto nested = thrown_by([&] { std::rethrow_if_nested(broken); });
    expect<std::runtime_error>(nested, [](const auto& e) { CHECK(e.what() == "no licence"s); });
  });
  CHECK(ShutdownError().what() == "cannot schedule new futures after shutdown"s);
  CHECK(remote_info(ShutdownError()) == nullptr);
}

TEST_CASE("a name or a type is registered once, and before init()") {
  CHECK(registered);
  CHECK(registered_again);
  CHECK(second_name_is_refused);
  CHECK(second_type_is_refused);
  CHECK_THROWS_WITH_AS(register_exception<TooLate>("Late"),
                       doctest::Contains("before procfarm::init"), std::logic_error);
}
