// SPDX-License-Identifier: MIT
// failure_support.hpp - what tests of carried exceptions share: the way there and back.
#pragma once

#include <exception>
#include <string>

#include <doctest/doctest.h>

#include <procfarm/errors.hpp>
#include <procfarm/wire/failure.hpp>

namespace failures {

using namespace procfarm;

inline const TaskRef task{.id = "17", .name = "resize", .attempt = 2, .pid = 912, .host = "node1"};

/// What the coordinator rethrows for an exception in the worker.
inline std::exception_ptr carried(const std::exception_ptr& thrown, Stage stage = Stage::run) {
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

}  // namespace failures
