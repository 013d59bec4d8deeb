// SPDX-License-Identifier: MIT
// kernel.hpp - the work that a measured task does: a number of dependent steps that a compiler
// cannot shorten, counted and not timed. One shared library, so that every system that is compared,
// in C++ or in Python, runs the same machine code and only the overhead differs.
#pragma once

#include <cstdint>

extern "C" {

/// Takes `iterations` steps, each a multiplication and a division that wait for the one before.
std::uint64_t bench_busy(std::uint64_t iterations);

/// The measured task: value + bench_busy(iterations), so a sum over tasks tells that each has run.
std::uint64_t bench_work(std::uint64_t value, std::uint64_t iterations);

/// Wall seconds in which two threads at once take so many steps each.
double bench_two_lanes(std::uint64_t iterations);
}
