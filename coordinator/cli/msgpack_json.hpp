// SPDX-License-Identifier: MIT
// msgpack_json.hpp - a function's arguments and results between the form in which they travel
// (msgpack, with blocks of numbers as <procfarm/codec/scalars.hpp> tells) and JSON values.
#pragma once

#include <string>
#include <string_view>

#include "value.hpp"

namespace procfarm::cli {

/// One encoded value as JSON. Blocks and binary become arrays of numbers, keys that are no text
/// become their JSON text, unknown extensions {"extension": type, "bytes": [...]}. Throws
/// procfarm::CodecError if `bytes` are not exactly one value.
Value json_of_msgpack(std::string_view bytes);

/// The reverse, without blocks: whoever reads numbers accepts a plain array.
std::string msgpack_of_json(const Value& value);

}  // namespace procfarm::cli
