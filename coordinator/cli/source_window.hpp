// SPDX-License-Identifier: MIT
// source_window.hpp - what all sources share: skip and limit, and a value as a row.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "source.hpp"

namespace procfarm::cli {

/// `source` without its first `skip` rows, and with at most `limit`; behind the limit nothing is
/// read.
std::unique_ptr<Source> in_window(std::unique_ptr<Source> source, const SourceOptions& options);

/// The members of an object, or the value under the name `as`.
Row row_of_value(Value value, const std::string& as, std::uint64_t line);

}  // namespace procfarm::cli
