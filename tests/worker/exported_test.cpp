// SPDX-License-Identifier: MIT
// exported_test.cpp - functions called by name in a worker: their results, their errors and what
// they print.
#include <procfarm/exported.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <procfarm/export.hpp>
#include <procfarm/wire/packet.hpp>

#include "farm_fixture.hpp"

using namespace support;

namespace {

int talkative(int value) {
  std::printf("value %d\n", value);
  if (value < 0) throw std::domain_error("negative");
  return value + 1;
}
/// What malloc has given out, after a call that finds `value` in its environment.
std::uint64_t memory_with(const std::string& value) {
  const char* const found = std::getenv("WORKER_TEST_VALUE");
  if (found == nullptr || value != found) throw std::logic_error("not in the environment");
  return ::mallinfo2().uordblks;
}
void talks_and_dies() {
  std::printf("last words");
  std::fflush(stdout);
  ::_exit(9);
}

PROCFARM_EXPORT(procfarm::function<talkative>("worker_talkative", {"value"}),
                procfarm::function<memory_with>("worker_memory_with", {"value"}),
                procfarm::function<talks_and_dies>("worker_talks_and_dies"))

std::string arguments(int value) {
  Writer writer;
  writer.array_header(1);
  writer.signed_integer(value);
  return std::string(writer.bytes());
}

std::string arguments(const std::string& value) {
  Writer writer;
  writer.array_header(1);
  writer.string(value);
  return std::string(writer.bytes());
}

/// As the coordinator makes it: whoever writes appends.
wire::UniqueFd captured_output() {
  const wire::UniqueFd memory(::memfd_create("output", MFD_CLOEXEC));
  const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
  return wire::UniqueFd(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
}

ExportResult export_result(const std::optional<Result>& result) {
  REQUIRE(result);
  REQUIRE(result->record.kind == wire::ResultKind::value);
  return detail::decode_result<ExportResult>(result->bytes.data(), result->bytes.size(), {});
}

}  // namespace

TEST_CASE("a function called by name answers with its value and what it printed, and no more") {
  const auto output = captured_output();
  HandMadeFarm farm(usual_method());
  farm.seat_worker(0, output.get());
  farm.await_ready();
  farm.run({builtin_call(ExportCall{.function = "worker_talkative", .arguments = arguments(4)}),
            builtin_call(ExportCall{.function = "worker_talkative", .arguments = arguments(-1)})});
  const auto good = export_result(farm.result());
  CHECK_FALSE(good.failed);
  CHECK(detail::decode_result<int>(good.value.data(), good.value.size(), {}) == 5);
  CHECK(good.out == "value 4\n");
  const auto bad = export_result(farm.result());
  CHECK(bad.failed);
  CHECK(bad.error_type == "std::domain_error");
  CHECK(bad.error_message == "negative");
  CHECK(bad.out == "value -1\n");
  CHECK(wire::read_whole_file(output.get()).empty());
}

TEST_CASE("after a crash the captured output is that of the task that crashed") {
  const auto output = captured_output();
  HandMadeFarm farm(usual_method());
  farm.seat_worker(0, output.get());
  farm.await_ready();
  farm.run({builtin_call(ExportCall{.function = "worker_talkative", .arguments = arguments(4)}),
            builtin_call(ExportCall{.function = "worker_talks_and_dies", .arguments = "\x90"})});
  CHECK(WEXITSTATUS(farm.report(wire::Report::Kind::exited).status) == 9);
  CHECK(wire::read_whole_file(output.get()) == "last words");
}

TEST_CASE("what cannot be called by name is a failed result that says why") {
  const auto unknown = call_exported({.function = "no_such_function", .arguments = "\x90"});
  CHECK(unknown.failed);
  CHECK(unknown.error_message.find("no_such_function") != std::string::npos);
  const auto missing =
      call_exported({.module = "/no/such/module.so", .function = "f", .arguments = "\x90"});
  CHECK(missing.failed);
  CHECK(missing.error_message.find("/no/such/module.so") != std::string::npos);
  const auto wrong = call_exported({.function = "worker_talkative", .arguments = "\x90"});
  CHECK(wrong.failed);
  CHECK(wrong.error_message.find("array of 1") != std::string::npos);
}

TEST_CASE("commands and descriptions of modules can be asked for by the numbers of any program") {
  HandMadeFarm farm(usual_method());
  farm.seat_worker();
  farm.await_ready();
  farm.run({builtin_call(Command{.argv = {"echo", "hello"}}), builtin_describe("")});
  const auto echoed = farm.result();
  REQUIRE(echoed);
  CHECK(detail::decode_result<CommandResult>(echoed->bytes.data(), echoed->bytes.size(), {}).out ==
        "hello\n");
  const auto described = farm.result();
  REQUIRE(described);
  const auto module = detail::decode_result<ModuleDescription>(described->bytes.data(),
                                                               described->bytes.size(), {});
  CHECK(std::any_of(module.functions.begin(), module.functions.end(),
                    [](const ModuleFunction& each) { return each.name == "worker_talkative"; }));
}

TEST_CASE("a worker does not grow with the environments of the calls it has answered" *
          doctest::skip(address_sanitizer || thread_sanitizer)) {
  ::unsetenv("WORKER_TEST_VALUE");
  for (const bool clear : {false, true}) {
    CAPTURE(clear);
    const auto memory_after = [clear](int call) {
      const std::string value = std::to_string(call) + std::string(100, 'v');
      const ExportResult result =
          call_exported({.function = "worker_memory_with",
                         .arguments = arguments(value),
                         .env = {{"WORKER_TEST_VALUE", value}, {"WORKER_TEST_OTHER", value}},
                         .env_clear = clear});
      REQUIRE_FALSE(result.failed);
      return detail::decode_result<std::uint64_t>(result.value.data(), result.value.size(), {});
    };
    memory_after(0);
    const std::uint64_t before = memory_after(1);
    for (int call = 2; call < 1000; ++call) memory_after(call);
    CHECK(memory_after(1000) < before + 20'000);
    CHECK(std::getenv("WORKER_TEST_VALUE") == nullptr);
    CHECK(std::getenv("PATH") != nullptr);
  }
}
