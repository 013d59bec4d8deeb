// SPDX-License-Identifier: MIT
// clean_start.hpp - what a process of ours does first, so that nothing of whoever started it shows
// through: signals, descriptors, standard input, process group, name. One thread at a time, before
// any other thread is started.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace procfarm::serving {

/// Every signal has its default action and none is blocked.
void reset_signals();

/// Closes all descriptors from 3 on but `kept`.
void close_all_but(std::initializer_list<int> kept);

/// Standard input is /dev/null; standard output and error are at least that.
void settle_standard_streams();

/// When a supervisor dies, the kernel hangs up (SIGHUP, SIGCONT) on those of its workers that stand
/// still. They have to live on to end what their tasks have started.
void survive_hangup();

/// Leaves the process group of whoever started us: the terminal's Ctrl-C is not for us.
void leave_process_group();
/// The same, and no terminal is left: whoever prints is not stopped where `stty tostop` is set.
void leave_terminal();

/// What `ps` and `top` show, 15 characters at most.
void set_process_name(const std::string& name);

/// Orphans from below come to this process, not to init.
void become_subreaper();

/// The soft limit of open descriptors; 0 leaves it.
void set_descriptor_limit(std::uint64_t soft);

/// Writes out what stdio and the standard streams hold.
void flush_output();

/// flush_output() for every stdio stream, then leaves without destructors, which must not run
/// beside our threads or twice.
[[noreturn]] void leave(int status);

}  // namespace procfarm::serving
