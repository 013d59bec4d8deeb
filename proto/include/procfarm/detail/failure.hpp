// SPDX-License-Identifier: MIT
// failure.hpp - what a task threw, as plain data: taken apart where it was thrown, carried as
// bytes, made again where the result is asked for (wire/failure.hpp). This half needs no
// libprocfarm, so that a plugin can report what its functions throw.
#pragma once

#include <any>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <variant>
#include <vector>

#include <procfarm/codec/writer.hpp>
#include <procfarm/detail/type_name.hpp>
#include <procfarm/function_id.hpp>

namespace procfarm::detail {

template <class... Ts>
struct TypeList {
  static constexpr std::size_t size = sizeof...(Ts);
};

/// Types that come back as themselves; on the wire the place in this list, counted from 1. Some
/// more are known by name (rebuild.cpp).
using StandardTypes =
    TypeList<std::exception, std::bad_alloc, std::bad_array_new_length, std::bad_cast,
             std::bad_typeid, std::bad_exception, std::bad_function_call, std::bad_weak_ptr,
             std::bad_optional_access, std::bad_variant_access, std::bad_any_cast, std::logic_error,
             std::invalid_argument, std::domain_error, std::length_error, std::out_of_range,
             std::runtime_error, std::range_error, std::overflow_error, std::underflow_error,
             std::system_error, std::ios_base::failure, std::filesystem::filesystem_error>;

/// One exception: what was thrown, or what was nested in it.
struct FailureCause {
  std::uint32_t standard = 0;  // place in StandardTypes; 0: none of these
  std::string type_name;
  std::string message;
  std::string registered;            // the name given to register_exception; empty: not registered
  std::optional<std::string> value;  // the encoded value of a registered type that travels
  std::string category;              // of an error code, by its name
  std::int32_t code = 0;
  std::string path1, path2;  // of a filesystem_error
};

/// Each cause is nested in the one before it; there is at least one.
struct Failure {
  Stage stage = Stage::run;
  std::string serialization;  // the stage of a SerializationError that the task threw itself
  std::vector<FailureCause> causes;
};

inline constexpr std::size_t failure_cause_limit = 16;
inline constexpr std::size_t failure_text_limit = 64 * 1024;

/// Lets the library fill in what it knows of an exception's type. May be null.
using Recognise = void (*)(const std::exception_ptr&, Failure&, FailureCause&);

/// `name` without the wrapper that std::throw_with_nested and with_cause put around a type.
inline std::string without_wrapper(std::string name) {
  for (const char* wrapper : {"std::_Nested_exception<", "procfarm::detail::WithCause<"}) {
    const std::string_view prefix = wrapper;
    if (name.starts_with(prefix) && name.ends_with('>')) {
      name = name.substr(prefix.size(), name.size() - prefix.size() - 1);
      while (name.ends_with(' ')) name.pop_back();
    }
  }
  return name;
}

/// The place of the type in StandardTypes, by its readable name; 0 if it is none of them.
template <class... Ts>
std::uint32_t standard_type(const std::string& type_name, TypeList<Ts...>) {
  std::uint32_t place = 0;
  std::uint32_t found = 0;
  ((++place, found = found == 0 && demangle(typeid(Ts).name()) == type_name ? place : found), ...);
  return found;
}

inline std::string clipped(const char* text) {
  std::string result = text == nullptr ? "" : text;
  if (result.size() > failure_text_limit)
    result.replace(failure_text_limit, std::string::npos, "...");
  return result;
}

/// Fills in what the C++ library tells about `error`; returns what is nested in it.
inline std::exception_ptr describe(const std::exception& error, FailureCause& cause) {
  cause.type_name = without_wrapper(demangle(typeid(error).name()));
  // What streams throw is a class of the C++ library's own, for programs of two ABIs.
  if (cause.type_name == "std::__ios_failure")
    cause.type_name = demangle(typeid(std::ios_base::failure).name());
  cause.message = clipped(error.what());
  cause.standard = standard_type(cause.type_name, StandardTypes());
  if (const auto* with_code = dynamic_cast<const std::system_error*>(&error)) {
    cause.category = with_code->code().category().name();
    cause.code = with_code->code().value();
  }
  if (const auto* on_file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    cause.path1 = on_file->path1().native();
    cause.path2 = on_file->path2().native();
  }
  const auto* nesting = dynamic_cast<const std::nested_exception*>(&error);
  return nesting == nullptr ? nullptr : nesting->nested_ptr();
}

/// The same for anything that can be thrown.
inline std::exception_ptr describe(const std::exception_ptr& error, FailureCause& cause) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    return describe(exception, cause);
  } catch (const std::string& text) {
    cause.message = "unknown exception: " + clipped(text.c_str());
  } catch (const char* text) {
    cause.message = "unknown exception: " + clipped(text);
  } catch (...) {
    cause.message = "unknown exception";
  }
  const std::type_info* const type = error.__cxa_exception_type();
  cause.type_name = type == nullptr ? "unknown" : demangle(type->name());
  return nullptr;
}

/// Takes `error` apart, nested causes included.
inline Failure capture_failure(Stage stage, std::exception_ptr error, Recognise recognise) {
  Failure failure;
  failure.stage = stage;
  while (error != nullptr && failure.causes.size() < failure_cause_limit) {
    FailureCause& cause = failure.causes.emplace_back();
    std::exception_ptr nested = describe(error, cause);
    if (recognise != nullptr) recognise(error, failure, cause);
    error = std::move(nested);
  }
  if (failure.causes.empty()) {  // no exception_ptr can hold what unwinds a thread that is ended
    FailureCause& cause = failure.causes.emplace_back();
    cause.type_name = "unknown";
    cause.message = "the task has ended its thread (pthread_exit)";
  }
  return failure;
}

inline void encode_failure(Writer& writer, const Failure& failure) {
  writer.array_header(3);
  writer.unsigned_integer(static_cast<std::uint64_t>(failure.stage));
  writer.string(failure.serialization);
  writer.array_header(failure.causes.size());
  for (const FailureCause& cause : failure.causes) {
    writer.array_header(9);
    writer.unsigned_integer(cause.standard);
    writer.string(cause.type_name);
    writer.string(cause.message);
    writer.string(cause.registered);
    if (cause.value) {
      writer.binary(cause.value->data(), cause.value->size());
    } else {
      writer.nil();
    }
    writer.string(cause.category);
    writer.signed_integer(cause.code);
    writer.string(cause.path1);
    writer.string(cause.path2);
  }
}

}  // namespace procfarm::detail
