// SPDX-License-Identifier: MIT
// rebuild.cpp - makes the exception that a task threw again, from the innermost cause outwards.
#include <procfarm/wire/failure.hpp>

#include <array>
#include <future>
#include <map>
#include <mutex>
#include <regex>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <fmt/format.h>

#include "exception_registry.hpp"

namespace procfarm::wire {

namespace {

/// Stands for an error category that exists only in the worker. Its codes compare by this name.
class ForeignCategory : public std::error_category {
 public:
  explicit ForeignCategory(std::string name) : name_(std::move(name)) {}
  const char* name() const noexcept override { return name_.c_str(); }
  std::string message(int code) const override { return name_ + ' ' + std::to_string(code); }

 private:
  std::string name_;
};

/// Error codes refer to their category for ever, so foreign ones are kept, one per name.
const std::error_category& category_named(const std::string& name) {
  for (const std::error_category* known : {&std::generic_category(), &std::system_category(),
                                           &std::iostream_category(), &std::future_category()}) {
    if (name == known->name()) return *known;
  }
  static std::mutex mutex;
  static std::map<std::string, ForeignCategory> foreign;
  const std::lock_guard lock(mutex);
  return foreign.try_emplace(name, name).first->second;
}

/// A T with the cause's text and, where it has them, code and paths.
template <class T>
T make_standard(const FailureCause& cause) {
  const auto code = [&] { return std::error_code(cause.code, category_named(cause.category)); };
  if constexpr (std::is_same_v<T, std::filesystem::filesystem_error>) {
    return T(cause.message, cause.path1, cause.path2, code());
  } else if constexpr (std::is_same_v<T, std::future_error>) {
    return T(static_cast<std::future_errc>(cause.code));
  } else if constexpr (std::is_same_v<T, std::regex_error>) {
    return T(static_cast<std::regex_constants::error_type>(cause.code));
  } else if constexpr (std::is_constructible_v<T, std::string, std::error_code>) {
    return T(cause.message, code());
  } else if constexpr (std::is_constructible_v<T, std::error_code>) {
    return T(code());
  } else if constexpr (std::is_constructible_v<T, std::string>) {
    return T(cause.message);
  } else {
    return T();
  }
}

template <class T>
std::exception_ptr rebuild_standard(const FailureCause& cause, const RemoteInfo& info,
                                    const std::exception_ptr& nested) {
  return detail::with_cause(detail::Rebuilt<T>(make_standard<T>(cause), info), nested);
}

using RebuildStandard = std::exception_ptr (*)(const FailureCause&, const RemoteInfo&,
                                               const std::exception_ptr&);
template <class... Ts>
constexpr auto rebuilders(detail::TypeList<Ts...>) {
  return std::array<RebuildStandard, sizeof...(Ts)>{&rebuild_standard<Ts>...};
}

/// Types that come back as themselves too and are known by name: those of large headers, which
/// detail/failure.hpp leaves out, and those of fmt. Null for others.
template <class... Ts>
std::exception_ptr rebuild_named(const FailureCause& cause, const RemoteInfo& info,
                                 const std::exception_ptr& nested, detail::TypeList<Ts...>) {
  std::exception_ptr error;
  ((error == nullptr && cause.type_name == detail::demangle(typeid(Ts).name())
        ? void(error = rebuild_standard<Ts>(cause, info, nested))
        : void()),
   ...);
  return error;
}
using NamedTypes = detail::TypeList<std::future_error, std::regex_error, fmt::format_error>;

/// Causes behind cause number `index`, as texts.
std::vector<std::string> cause_texts(const Failure& failure, std::size_t index) {
  std::vector<std::string> texts;
  for (std::size_t i = index + 1; i < failure.causes.size(); ++i) {
    texts.push_back(failure.causes[i].type_name + ": " + failure.causes[i].message);
  }
  return texts;
}

/// Null if the type is not registered here, or its value cannot be read.
std::exception_ptr rebuild_registered(const FailureCause& cause, const RemoteInfo& info,
                                      const std::exception_ptr& nested) {
  const auto* const entry =
      cause.registered.empty() ? nullptr : find_exception_by_name(cause.registered);
  if (entry == nullptr) return nullptr;
  try {
    return entry->rebuild(cause.value, info, nested);
  } catch (const std::exception&) {  // RemoteError tells as much as there is
    return nullptr;
  }
}

std::exception_ptr rebuild_cause(const FailureCause& cause, const RemoteDetails& details,
                                 const TaskRef& task, const std::exception_ptr& nested) {
  const RemoteInfo info(details);
  if (std::exception_ptr error = rebuild_registered(cause, info, nested)) return error;
  static constexpr auto standard = rebuilders(detail::StandardTypes());
  if (cause.standard >= 1 && cause.standard <= standard.size()) {
    return standard[cause.standard - 1](cause, info, nested);
  }
  if (std::exception_ptr error = rebuild_named(cause, info, nested, NamedTypes())) return error;
  return detail::with_cause(RemoteError(task, details), nested);
}

const char* stage_name(const Failure& failure) {
  if (failure.stage == Stage::decode_arguments) return "decode arguments";
  if (failure.stage == Stage::encode_result) return "encode result";
  return failure.serialization.c_str();
}

}  // namespace

std::exception_ptr rebuild(const Failure& failure, const TaskRef& task,
                           std::string_view stderr_tail) {
  std::exception_ptr error;
  for (std::size_t i = failure.causes.size(); i-- > 0;) {
    const FailureCause& cause = failure.causes[i];
    const RemoteDetails details{cause.type_name, cause.message, cause_texts(failure, i), task.pid,
                                task.host,       task.attempt,  std::string(stderr_tail)};
    // A SerializationError of the task's own is told below, with its text as it is.
    if (i == 0 && !failure.serialization.empty()) break;
    error = rebuild_cause(cause, details, task, error);
  }
  if (!is_serialization_failure(failure)) return error;
  return detail::with_cause(
      SerializationError(stage_name(failure), failure.causes.front().message, task), error);
}

std::exception_ptr rebuild(const char* data, std::size_t size, const TaskRef& task,
                           std::string_view stderr_tail) {
  try {
    return rebuild(decode_failure(data, size), task, stderr_tail);
  } catch (const CodecError& error) {
    RemoteDetails details;
    details.message = std::string("its worker sent a failure that cannot be read: ") + error.what();
    return std::make_exception_ptr(RemoteError(task, details));
  }
}

}  // namespace procfarm::wire
