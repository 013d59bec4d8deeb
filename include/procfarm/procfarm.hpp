// SPDX-License-Identifier: MIT
// procfarm.hpp - all of the library: executors that run functions in other processes, and futures.
// Only <procfarm/coroutine.hpp> is to be included by those who want it.
#pragma once

#include <chrono>

// The documented programs print with it.
#include <fmt/core.h>

#include <procfarm/any_future.hpp>
#include <procfarm/call.hpp>
#include <procfarm/codec.hpp>
#include <procfarm/command.hpp>
#include <procfarm/duration.hpp>
#include <procfarm/errors.hpp>
#include <procfarm/executor.hpp>
#include <procfarm/export.hpp>
#include <procfarm/function.hpp>
#include <procfarm/future.hpp>
#include <procfarm/init.hpp>
#include <procfarm/map_result.hpp>
#include <procfarm/options.hpp>
#include <procfarm/process_pool_executor.hpp>
#include <procfarm/register_exception.hpp>
#include <procfarm/retry.hpp>
#include <procfarm/serial_executor.hpp>
#include <procfarm/submitter.hpp>
#include <procfarm/task_info.hpp>
#include <procfarm/this_task.hpp>
#include <procfarm/thread_pool_executor.hpp>
#include <procfarm/wait.hpp>
