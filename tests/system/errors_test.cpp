// SPDX-License-Identifier: MIT
// errors_test.cpp - what a task throws comes back as what it was.
#include <unistd.h>

#include <any>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <iostream>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <variant>
#include <vector>

#include <procfarm/register_exception.hpp>
#include <procfarm/this_task.hpp>

#include "farm.hpp"

using namespace farm;

namespace shop {

/// Known by its text alone.
class OutOfStock : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
/// Travels with its value.
struct Overdrawn : std::exception {
  int missing = 0;
  Overdrawn() = default;
  explicit Overdrawn(int amount) : missing(amount) {}
  const char* what() const noexcept override { return "overdrawn"; }
  MSGPACK_DEFINE(missing)
};
class Unregistered : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

const bool out_of_stock = register_exception<OutOfStock>("OutOfStock");
const bool overdrawn = register_exception<Overdrawn>("Overdrawn");

}  // namespace shop

namespace {

template <class E>
void throw_text(const std::string& text) {
  throw E(text);
}

template <class E>
void check_own_type(ProcessPoolExecutor& pool) {
  auto future = pool.submit<throw_text<E>>("the text");
  try {
    future.result();
    FAIL("it should have failed");
  } catch (const E& error) {
    CHECK(std::string(error.what()) == "the text");
    const RemoteInfo* info = remote_info(error);
    REQUIRE(info != nullptr);
    CHECK(info->message() == "the text");
    CHECK(holds(info->type_name(), "std::"));
    CHECK(info->pid() > 0);
    CHECK(info->pid() != ::getpid());
    CHECK(info->attempt() == 1);
    CHECK_FALSE(info->host().empty());
  }
}

void throw_system_error() { throw std::system_error(ENOENT, std::generic_category(), "opening x"); }
void throw_filesystem_error() { (void)std::filesystem::file_size("/nowhere/at/all"); }
void throw_bad_alloc() { throw std::bad_alloc(); }
void throw_bad_optional() { (void)std::optional<int>{}.value(); }
void throw_bad_cast() { (void)std::any_cast<int>(std::any(1.5)); }
void throw_nested() {
  try {
    try {
      throw std::out_of_range("innermost");
    } catch (...) {
      std::throw_with_nested(std::invalid_argument("middle"));
    }
  } catch (...) {
    std::throw_with_nested(std::runtime_error("outermost"));
  }
}
void throw_int() { throw 42; }
void throw_own(int amount) {
  if (amount == 0) throw shop::OutOfStock("no tea");
  throw shop::Overdrawn(amount);
}
void throw_unregistered() { throw shop::Unregistered("secret"); }
void throw_broken_pool() { throw BrokenProcessPool("in the task"); }

}  // namespace

TEST_CASE("standard exceptions come back as their own type, with what is known of them") {
  ProcessPoolExecutor pool(1);
  check_own_type<std::runtime_error>(pool);
  check_own_type<std::logic_error>(pool);
  check_own_type<std::out_of_range>(pool);
  check_own_type<std::invalid_argument>(pool);
  check_own_type<std::domain_error>(pool);
  check_own_type<std::length_error>(pool);
  check_own_type<std::range_error>(pool);
  check_own_type<std::overflow_error>(pool);
  check_own_type<std::underflow_error>(pool);
  CHECK_THROWS_AS(pool.submit<throw_bad_alloc>().result(), std::bad_alloc);
  CHECK_THROWS_AS(pool.submit<throw_bad_optional>().result(), std::bad_optional_access);
  CHECK_THROWS_AS(pool.submit<throw_bad_cast>().result(), std::bad_cast);
}

TEST_CASE("a system_error keeps its code") {
  ProcessPoolExecutor pool(1);
  try {
    pool.submit<throw_system_error>().result();
    FAIL("it should have failed");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::no_such_file_or_directory);
    CHECK(holds(error.what(), "opening x"));
  }
  try {
    pool.submit<throw_filesystem_error>().result();
    FAIL("it should have failed");
  } catch (const std::filesystem::filesystem_error& error) {
    CHECK(error.code() == std::errc::no_such_file_or_directory);
    CHECK(error.path1() == "/nowhere/at/all");
    CHECK(holds(error.what(), "/nowhere/at/all"));
  }
}

TEST_CASE("causes stay nested, and are told in a row") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<throw_nested>();
  try {
    future.result();
    FAIL("it should have failed");
  } catch (const std::runtime_error& outer) {
    CHECK(std::string(outer.what()) == "outermost");
    const RemoteInfo* info = remote_info(outer);
    REQUIRE(info != nullptr);
    REQUIRE(info->causes().size() == 2);
    CHECK(holds(info->causes()[0], "middle"));
    CHECK(holds(info->causes()[1], "innermost"));
    try {
      std::rethrow_if_nested(outer);
      FAIL("nothing is nested");
    } catch (const std::invalid_argument& middle) {
      CHECK(std::string(middle.what()) == "middle");
      CHECK_THROWS_WITH_AS(std::rethrow_if_nested(middle), "innermost", std::out_of_range);
    }
  }
}

TEST_CASE("registered types come back as themselves, by text or with their value") {
  ProcessPoolExecutor pool(1);
  CHECK(std::string(error_of<shop::OutOfStock>(pool.submit<throw_own>(0)).what()) == "no tea");
  CHECK(error_of<shop::Overdrawn>(pool.submit<throw_own>(17)).missing == 17);
}

TEST_CASE("a registration after init() is refused") {
  struct Late : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  CHECK_THROWS_AS(register_exception<Late>("Late"), std::logic_error);
}

TEST_CASE("what cannot be made again here comes as RemoteError, with its type's name and text") {
  ProcessPoolExecutor pool(1);
  const auto own = error_of<RemoteError>(pool.with({.name = "job"}).submit<throw_unregistered>());
  CHECK(holds(own.type_name(), "shop::Unregistered"));
  CHECK(own.message() == "secret");
  CHECK(holds(own.what(), "secret"));
  CHECK(own.task_name() == "job");
  CHECK(own.pid() > 0);
  const auto number = error_of<RemoteError>(pool.submit<throw_int>());
  CHECK(holds(number.type_name(), "int"));
}

TEST_CASE("an error of the farm that a task throws is not mistaken for one of this executor") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<throw_broken_pool>();
  const std::exception_ptr error = future.exception();
  REQUIRE(error != nullptr);
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    CHECK(holds(exception.what(), "in the task"));
    CHECK(remote_info(exception) != nullptr);
  }
  CHECK(pool.submit<doubled>(1).result() == 2);
}

TEST_CASE("each call of result() throws an object of its own") {
  ProcessPoolExecutor pool(1);
  auto failed = pool.submit<throw_own>(0);
  auto lost = pool.submit([] { ::_exit(1); });
  const auto address = [](const auto& future) {
    try {
      future.result();
    } catch (const std::exception&) {
      return std::current_exception();
    }
    return std::exception_ptr{};
  };
  CHECK(address(failed) != address(failed));
  CHECK(address(lost) != address(lost));
  CHECK(failed.exception() != failed.exception());
}

TEST_CASE("an error outlives its future and its executor") {
  std::exception_ptr error;
  {
    ProcessPoolExecutor pool(1);
    error = pool.submit<throw_nested>().exception();
  }
  CHECK_THROWS_WITH_AS(std::rethrow_exception(error), "outermost", std::runtime_error);
}

TEST_CASE("what a task threw comes with the last its worker has written, where that is captured") {
  const auto complain = [](const std::string& text) {
    std::cerr << text << std::endl;
    throw std::runtime_error("failed");
  };
  const auto tail_of = [](const Future<void>& future) {
    try {
      future.result();
      return std::string("it has not failed");
    } catch (const std::runtime_error& error) {
      return remote_info(error)->stderr_tail();
    }
  };
  ProcessPoolExecutor pool({.max_workers = 1, .capture_stderr = true, .forward_captured = false});
  CHECK(tail_of(pool.submit(complain, std::string("out of paper"))) == "out of paper\n");
  ProcessPoolExecutor other(1);
  CHECK(tail_of(other.submit([] { throw std::runtime_error("failed"); })).empty());
}

TEST_CASE("errors of the farm tell the task's id, name, attempt and process") {
  ProcessPoolExecutor pool(1);
  auto future = pool.with({.name = "fragile"}).submit([] { ::_exit(4); });
  const auto lost = error_of<WorkerLost>(future);
  CHECK(lost.task_name() == "fragile");
  CHECK(lost.task_id() == future.info().id);
  CHECK(lost.attempt() == 1);
  CHECK(lost.pid() > 0);
  CHECK_FALSE(lost.host().empty());
  CHECK(holds(lost.what(), "fragile"));
  CHECK(remote_info(lost) == nullptr);
}
