// SPDX-License-Identifier: MIT
// state_slab.hpp - memory for the states of futures. One is made in a caller's thread for each task
// and freed in whatever thread lets go of it last, millions of times a second, and ten million may
// be there at once: malloc costs more than all the rest of submit() then, and so do page faults.
//
// Blocks of 2 MiB, the second and all later ones in huge pages. Each thread keeps some free places
// for itself and exchanges them with the blocks in batches. Blocks that are free as a whole go back
// to the system, but for 128 MiB: the next burst of tasks shall not clear them again.
#pragma once

#include <cstddef>

namespace procfarm::detail {

inline constexpr std::size_t state_place_size = 72;

/// A place of state_place_size bytes, aligned for pointers; `size`, what is needed of it, is at
/// most that. Any thread. Throws std::bad_alloc.
void* take_state_place(std::size_t size);
/// Gives it back. Any thread, also at the end of the program and in a process that was forked.
void free_state_place(void* place) noexcept;

}  // namespace procfarm::detail
