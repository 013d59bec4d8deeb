// SPDX-License-Identifier: MIT
// sanitizers.hpp - which sanitizer these tests were built with, for what it cannot bear.
#pragma once

namespace support {

/// Its locks do not survive a fork beside other threads.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif

/// It starts a thread of its own, allows no new ones in a process forked from one with threads, and
/// is some thirty times slower.
#ifdef __SANITIZE_THREAD__
inline constexpr bool thread_sanitizer = true;
#else
inline constexpr bool thread_sanitizer = false;
#endif

}  // namespace support
