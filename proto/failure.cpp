// SPDX-License-Identifier: MIT
// failure.cpp - exceptions to data in the worker, bytes to data in the coordinator.
// Making exceptions again is in rebuild.cpp.
#include <procfarm/wire/failure.hpp>

#include <future>
#include <regex>
#include <utility>

#include <procfarm/codec/reader.hpp>

#include "exception_registry.hpp"

namespace procfarm::wire {

namespace {

/// The codes of standard types whose headers detail/failure.hpp does not include.
void add_code(const std::exception& error, FailureCause& cause) {
  if (const auto* of_future = dynamic_cast<const std::future_error*>(&error)) {
    cause.category = of_future->code().category().name();
    cause.code = of_future->code().value();
  }
  if (const auto* of_regex = dynamic_cast<const std::regex_error*>(&error)) {
    cause.code = static_cast<std::int32_t>(of_regex->code());
  }
}

/// An exception that a task got from a task of its own keeps the name and text it had there.
void keep_origin(const std::exception& error, FailureCause& cause) {
  if (const RemoteInfo* const info = remote_info(error)) {
    cause.type_name = info->type_name();
    cause.message = info->message();
    cause.standard = detail::standard_type(cause.type_name, detail::StandardTypes());
  }
}

/// What only the library knows: more codes, remote origins, registered types, serialization errors.
void recognise(const std::exception_ptr& error, Failure& failure, FailureCause& cause) {
  try {
    std::rethrow_exception(error);
  } catch (const SerializationError& serialization) {
    if (failure.causes.size() == 1) failure.serialization = serialization.stage();
    cause.message = serialization.cause();
  } catch (const std::exception& exception) {
    add_code(exception, cause);
    keep_origin(exception, cause);
  } catch (...) {  // a registered type need not be a std::exception
  }
  const detail::RegisteredException* const entry = find_exception_by_type(cause.type_name);
  if (entry == nullptr) return;
  cause.registered = entry->name;
  try {
    cause.value = entry->encode(error);
  } catch (...) {  // its text still travels
    cause.value.reset();
  }
}

FailureCause decode_cause(Reader& reader) {
  FailureCause cause;
  reader.array_header_exactly(9);
  cause.standard = reader.integer<std::uint32_t>();
  cause.type_name = reader.string();
  cause.message = reader.string();
  cause.registered = reader.string();
  if (reader.peek() == Reader::Kind::nil) {
    reader.nil();
  } else {
    cause.value = reader.binary();
  }
  cause.category = reader.string();
  cause.code = reader.integer<std::int32_t>();
  cause.path1 = reader.string();
  cause.path2 = reader.string();
  return cause;
}

}  // namespace

Failure capture_failure(Stage stage, const std::exception_ptr& error) {
  return detail::capture_failure(stage, error, &recognise);
}

Failure decode_failure(const char* data, std::size_t size) {
  Reader reader(data, size);
  Failure failure;
  reader.array_header_exactly(3);
  const auto stage = reader.integer<std::uint8_t>();
  if (stage > static_cast<std::uint8_t>(Stage::encode_result)) reader.fail("expected a stage");
  failure.stage = static_cast<Stage>(stage);
  failure.serialization = reader.string();
  const std::size_t count = reader.array_header();
  if (count == 0 || count > detail::failure_cause_limit) reader.fail("expected 1 to 16 causes");
  for (std::size_t i = 0; i < count; ++i) failure.causes.push_back(decode_cause(reader));
  reader.finish();
  return failure;
}

bool is_serialization_failure(const Failure& failure) {
  return failure.stage != Stage::run || !failure.serialization.empty();
}

std::string summary(const Failure& failure) {
  std::string text;
  for (const FailureCause& cause : failure.causes) {
    if (!text.empty()) text += "; caused by ";
    text += cause.type_name + ": " + cause.message;
  }
  return text;
}

std::string summary(const std::exception_ptr& error) {
  return error == nullptr ? "" : summary(capture_failure(Stage::run, error));
}

}  // namespace procfarm::wire
