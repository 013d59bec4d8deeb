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

}  // namespace procfarm
