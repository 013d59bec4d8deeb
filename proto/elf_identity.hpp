// SPDX-License-Identifier: MIT
// elf_identity.hpp - which file a piece of the process's memory was loaded from.
#pragma once

#include <string>

namespace procfarm {

struct ElfIdentity {
  std::string path;      // empty if no loaded file contains the address
  std::string build_id;  // hexadecimal; empty if the file has none
  bool program = false;  // the executable itself, not a library
};

/// Of the loaded file that contains `address`. Any thread.
ElfIdentity elf_identity(const void* address);
/// Of the executable. Any thread.
ElfIdentity program_elf_identity();

/// The library that contains `address` is never unloaded from now on. Any thread, one that loads a
/// library included; nobody who loads one may wait for a lock that the caller holds.
void keep_loaded(const void* address) noexcept;

}  // namespace procfarm
