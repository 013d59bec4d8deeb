// SPDX-License-Identifier: MIT
// failure_test.cpp - what a task throws comes back as what it was, with its causes.
#include <procfarm/errors.hpp>
#include <procfarm/register_exception.hpp>
#include <procfarm/wire/failure.hpp>

#include <any>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <regex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <variant>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace procfarm;
using namespace std::string_literals;

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
struct OtherCategory : std::error_category {
  const char* name() const noexcept override { return "other"; }
  std::string message(int) const override { return "other trouble"; }
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

const TaskRef task{.id = "17", .name = "resize", .attempt = 2, .pid = 912, .host = "node1"};

/// What the coordinator rethrows for an exception in the worker.
std::exception_ptr carried(const std::exception_ptr& thrown, Stage stage = Stage::run) {
  Writer writer;
  wire::encode_failure(writer, wire::capture_failure(stage, thrown));
  return wire::rebuild(writer.data(), writer.size(), task, "last words");
}
template <class Throw>
std::exception_ptr thrown_by(Throw throw_it) {
  try {
    throw_it();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}
template <class E>
std::exception_ptr carried(const E& error) {
  return carried(std::make_exception_ptr(error));
}
/// Rethrows it as an E for `look`; fails if it is none.
template <class E, class Look>
void expect(const std::exception_ptr& error, Look look) {
  REQUIRE(error != nullptr);
  try {
    std::rethrow_exception(error);
  } catch (const E& exception) {
    look(exception);
  } catch (...) {
    FAIL("another exception: ", wire::summary(error));
  }
}
template <class E>
void comes_back(const E& error) {
  const std::string text = error.what();
  expect<E>(carried(error), [&](const E& back) {
    CHECK(back.what() == text);
    const RemoteInfo* const info = remote_info(back);
    REQUIRE(info != nullptr);
    CHECK(info->message() == text);
    CHECK(info->pid() == 912);
    CHECK(info->host() == "node1");
    CHECK(info->attempt() == 2);
    CHECK(info->stderr_tail() == "last words");
  });
}

}  // namespace

TEST_CASE("standard exceptions come back as their own types, with their texts") {
  comes_back(std::exception());
  comes_back(std::bad_exception());
  comes_back(std::logic_error("wrong"));
  comes_back(std::domain_error("outside"));
  comes_back(std::invalid_argument(""));
  comes_back(std::length_error("too long"));
  comes_back(std::out_of_range("too far"));
  comes_back(std::runtime_error("text"));
  comes_back(std::range_error("no such value"));
  comes_back(std::overflow_error("over"));
  comes_back(std::underflow_error("under"));
  comes_back(std::bad_alloc());
  comes_back(std::bad_array_new_length());
  comes_back(std::bad_cast());
  comes_back(std::bad_typeid());
  comes_back(std::bad_any_cast());
  comes_back(std::bad_optional_access());
  comes_back(std::bad_variant_access());
  comes_back(std::bad_weak_ptr());
  comes_back(std::bad_function_call());
  comes_back(std::system_error(ENOENT, std::generic_category(), "open /x"));
  comes_back(std::ios_base::failure("broken stream"));
  comes_back(std::filesystem::filesystem_error(
      "copy", "/a", "/b", std::make_error_code(std::errc::no_space_on_device)));
  comes_back(std::future_error(std::future_errc::broken_promise));
  comes_back(std::regex_error(std::regex_constants::error_brack));
  comes_back(fmt::format_error("argument not found"));
}

TEST_CASE("what the C++ library itself throws comes back as its own type") {
  expect<std::regex_error>(carried(thrown_by([] { std::regex("[a"); })),
                           [](const std::regex_error& error) {
                             CHECK(error.code() == std::regex_constants::error_brack);
                           });
  const auto abandoned = [] {
    std::future<int> future = std::promise<int>().get_future();
    future.get();
  };
  expect<std::future_error>(carried(thrown_by(abandoned)), [](const std::future_error& error) {
    CHECK(error.code() == std::future_errc::broken_promise);
  });
  expect<std::bad_variant_access>(
      carried(thrown_by([] { (void)std::get<int>(std::variant<int, char>('x')); })),
      [](const std::bad_variant_access& error) {
        CHECK(std::string(error.what()).find("wrong index") != std::string::npos);
      });
  expect<std::bad_any_cast>(carried(thrown_by([] { (void)std::any_cast<int>(std::any('x')); })),
                            [](const std::exception&) {});
  expect<fmt::format_error>(carried(thrown_by([] { (void)fmt::format(fmt::runtime("{"), 1); })),
                            [](const fmt::format_error& error) {
                              CHECK(remote_info(error)->type_name().starts_with("fmt::"));
                            });
  const auto closed = [] {
    std::ifstream file;
    file.exceptions(std::ios::failbit);
    file.open("/nowhere/at/all");
  };
  expect<std::ios_base::failure>(
      carried(thrown_by(closed)),
      [](const std::ios_base::failure& error) { CHECK(error.code() == std::io_errc::stream); });
}

TEST_CASE("a standard exception that went through two farms keeps its type and code") {
  const auto once = carried(std::future_error(std::future_errc::no_state));
  expect<std::future_error>(carried(once), [](const std::future_error& error) {
    CHECK(error.code() == std::future_errc::no_state);
  });
}

TEST_CASE("a standard type is not widened to its base") {
  expect<std::logic_error>(carried(std::out_of_range("x")), [](const std::logic_error& error) {
    CHECK(dynamic_cast<const std::out_of_range*>(&error) != nullptr);
    CHECK(remote_info(error)->type_name() == "std::out_of_range");
  });
}

TEST_CASE("error codes and paths come back, of foreign categories the name and number") {
  using std::filesystem::filesystem_error;
  expect<std::system_error>(carried(std::system_error(ENOENT, std::system_category(), "open")),
                            [](const std::system_error& error) {
                              CHECK(error.code() == std::errc::no_such_file_or_directory);
                            });
  const auto code = std::make_error_code(std::errc::permission_denied);
  expect<filesystem_error>(carried(filesystem_error("copy", "/a", "/b", code)),
                           [&](const filesystem_error& error) {
                             CHECK(error.code() == code);
                             CHECK(error.path1() == "/a");
                             CHECK(error.path2() == "/b");
                           });
  expect<std::system_error>(carried(std::system_error(5, OtherCategory(), "x")),
                            [](const std::system_error& error) {
                              CHECK(error.code().category().name() == "other"s);
                              CHECK(error.code().value() == 5);
                              CHECK(error.what() == "x: other trouble"s);
                            });
}

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
