// SPDX-License-Identifier: MIT
// builtins.hpp - the library's own functions, those of module 0: their numbers (wire/builtin.hpp)
// are the same in every build, so that one program's tool can use another program's workers.
#pragma once

namespace procfarm::serving {

/// Enters them in this process. Again: does nothing new.
void enter_builtins();

}  // namespace procfarm::serving
