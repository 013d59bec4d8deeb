// SPDX-License-Identifier: MIT
// error_record.cpp - facts to exceptions.
#include "error_record.hpp"

#include <algorithm>
#include <system_error>

#include <procfarm/wire/failure.hpp>

namespace procfarm {
namespace {

// Can it be made again without loss? Error codes of the program's own categories cannot.
bool is_known(const wire::FailureCause& cause) {
  if (!cause.registered.empty()) return true;
  if (cause.standard == 0) return false;
  const auto categories = {std::generic_category().name(), std::system_category().name(),
                           std::iostream_category().name()};
  return cause.category.empty() ||
         std::find(categories.begin(), categories.end(), cause.category) != categories.end();
}

bool is_remote_error(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const RemoteError&) {
    return true;
  } catch (...) {
    return false;
  }
}

// An object of its own for what a task of this process threw, where its type allows that; else the
// one that was thrown.
std::exception_ptr thrown_again(const std::exception_ptr& error, const TaskRef& task) {
  const wire::Failure failure = wire::capture_failure(Stage::run, error);
  const auto& causes = failure.causes;
  if (!failure.serialization.empty() || !std::all_of(causes.begin(), causes.end(), is_known)) {
    return error;
  }
  std::exception_ptr fresh = wire::rebuild(failure, task);
  return is_remote_error(fresh) ? error : fresh;
}

}  // namespace

std::exception_ptr ErrorRecord::make() const {
  switch (kind) {
    case Kind::worker_lost:
      return std::make_exception_ptr(WorkerLost(task, signal, exit_code, stderr_tail, text));
    case Kind::task_timeout: return std::make_exception_ptr(TaskTimeout(task, limit));
    case Kind::serialization:
      return detail::with_cause(SerializationError("encode arguments", text, task), cause);
    case Kind::dependency: return detail::with_cause(DependencyError(task, text), cause);
    case Kind::broken: return detail::with_cause(BrokenProcessPool(text, task), cause);
    case Kind::shutdown: return std::make_exception_ptr(ShutdownError(text, task));
    case Kind::thrown: return thrown_again(cause, task);
    case Kind::none: break;
  }
  return std::make_exception_ptr(InvalidStateError("a task failed for an unknown reason", task));
}

}  // namespace procfarm
