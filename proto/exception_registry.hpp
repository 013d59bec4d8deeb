// SPDX-License-Identifier: MIT
// exception_registry.hpp - the exception types that register_exception has entered.
// Filled before main or before init(), then only read.
#pragma once

#include <string>
#include <string_view>

#include <procfarm/register_exception.hpp>

namespace procfarm {

/// Null if no registered type has that readable name. Any thread once the registry is frozen.
const detail::RegisteredException* find_exception_by_type(const std::string& type_name);
/// Null if nothing is registered as `name`.
const detail::RegisteredException* find_exception_by_name(std::string_view name);

}  // namespace procfarm
