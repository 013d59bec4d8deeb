// SPDX-License-Identifier: MIT
// task_text.hpp - how a task is named in errors and in TaskInfo.
#pragma once

#include <string>

#include <procfarm/errors.hpp>
#include <procfarm/task_info.hpp>

#include "future_state.hpp"

namespace procfarm {

/// This machine's name, as in errors. Any thread.
const std::string& host_name();
/// What is known of a settled task's last attempt. Any thread, after it is done or by the driver.
TaskRef task_ref(const detail::FutureState& state);
/// "task 'resize' (id 17)" or "task 17".
std::string task_text(const detail::FutureState& state);
/// TaskInfo as far as the state itself knows it.
TaskInfo settled_info(const detail::FutureState& state);
/// The wall clock's time of a point of the steady clock, in ns since its epoch.
TimePoint wall_time(std::int64_t steady);
std::int64_t steady_now();

}  // namespace procfarm
