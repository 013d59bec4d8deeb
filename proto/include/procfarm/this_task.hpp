// SPDX-License-Identifier: MIT
// this_task.hpp - what a task can ask and say about itself. Safe anywhere: outside a task nothing
// is ever to stop, and progress goes nowhere. In a worker "any thread of the task" may ask; a task
// of a ThreadPoolExecutor or SerialExecutor is known to the thread that runs it, not to those it
// starts.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

namespace procfarm::this_task {

/// True in a process that runs tasks for an executor of another one. Any thread.
bool in_worker();
/// Numbered from 1; 0 outside a task. Any thread of the task.
int attempt();
/// The task's id as in TaskInfo; empty outside a task. Any thread of the task.
std::string id();

/// True once the task should end: cancel_running, or its time limit. Cheap. Any thread of the task.
bool stop_requested();
/// The same as a token, to wait on or to attach callbacks to; they run on a thread of the worker,
/// or in the thread that called cancel(cancel_running).
std::stop_token stop_token();

/// How far the task is, 0 to 1, to be seen in TaskInfo; the message is cut at some 100 bytes.
void progress(double fraction, std::string_view message = {});

}  // namespace procfarm::this_task
