// SPDX-License-Identifier: MIT
// units.hpp - durations and sizes as people write them, and numbers as people read them.
// Parsing is exact and strict: a number without a unit is refused, except 0. A parser's error is a
// std::invalid_argument whose text tells the accepted forms; the caller adds key and position.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace procfarm::cli {

using Duration = std::chrono::nanoseconds;

/// `1h 30m`, `250ms`, `1.5s`, `0`. Units d h m s ms us ns, from large to small, each at most once.
Duration parse_duration(std::string_view text);

/// The same for an option of the command line, where a number without a unit is seconds.
Duration parse_duration_option(std::string_view text);

/// Bytes: `4GiB`, `500MB`, `1.5 KiB`, `0`. Units B kB MB GB TB (1000) and KiB MiB GiB TiB (1024).
std::uint64_t parse_size(std::string_view text);

/// `850 ns`, `12 ms`, `1.2 s`, `3 min 05 s`, `2 h 05 min`, `3 d 04 h`.
std::string format_duration(Duration duration);

/// `512 B`, `1.5 KiB`, `4.0 GiB`.
std::string format_size(std::uint64_t bytes);

/// `1,234/s`, `8.5/s`; below one in a second `30/min`, `4.2/h`.
std::string format_rate(double per_second);

/// `1,234,567`
std::string format_count(std::uint64_t count);

}  // namespace procfarm::cli
