// SPDX-License-Identifier: MIT
// failure.hpp - exceptions between processes: taken apart in the worker, made again by result().
// A standard type comes back as that type, a registered one as itself, anything else as
// RemoteError; each rebuild makes a fresh object. The data and its bytes: detail/failure.hpp.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

#include <procfarm/codec/writer.hpp>
#include <procfarm/detail/failure.hpp>
#include <procfarm/errors.hpp>

namespace procfarm::wire {

using detail::Failure;
using detail::FailureCause;
using procfarm::TaskRef;

/// What was thrown at `stage` of a call, causes included. Any thread.
Failure capture_failure(Stage stage, const std::exception_ptr& error);

using detail::encode_failure;

/// Throws CodecError unless the bytes are one well-formed failure.
Failure decode_failure(const char* data, std::size_t size);

/// True if arguments or result could not be encoded or decoded: such a task is not retried.
bool is_serialization_failure(const Failure& failure);

/// A new exception object for what the task threw. Never throws but std::bad_alloc. Any thread.
std::exception_ptr rebuild(const Failure& failure, const TaskRef& task,
                           std::string_view stderr_tail = {});

/// The same from bytes; ones that are no failure become a RemoteError that says so.
std::exception_ptr rebuild(const char* data, std::size_t size, const TaskRef& task,
                           std::string_view stderr_tail = {});

/// "std::out_of_range: text; caused by ..." in one line, for error texts that name a cause.
std::string summary(const Failure& failure);
/// The same for an exception at hand.
std::string summary(const std::exception_ptr& error);

/// From now on register_exception throws. Called by init().
void freeze_exceptions();

/// "SIGSEGV"; "signal 99" for what has no name.
std::string signal_name(int signal);

/// "task 'resize' (id 17, attempt 2) on worker pid 912 at host", as much as is known.
std::string describe(const TaskRef& task);

/// "5s", "1.5s", "200ms".
std::string format_duration(Duration duration);

}  // namespace procfarm::wire
