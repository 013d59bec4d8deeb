// SPDX-License-Identifier: MIT
// value.hpp - the values a job works with: JSON's types, objects in the order they were written.
// Text may hold any bytes, also such as are no UTF-8.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace procfarm::cli {

using Value = nlohmann::ordered_json;

/// The value as it appears inside a string: text bare, numbers in the shortest form that reads back
/// the same (a float keeps its point), true, false, everything else as compact JSON.
std::string text_of(const Value& value);

/// Compact JSON on one line. Never throws: invalid UTF-8 inside becomes U+FFFD.
std::string json_text(const Value& value);

/// What kind of value it is, for messages: "text", "an integer", "a list", ...
std::string_view kind_of(const Value& value);

enum class PathPart { stem, name, dir, ext };

/// A part of a path as std::filesystem cuts it: of `a/b.tar.gz` the stem `b.tar`, the name
/// `b.tar.gz`, the dir `a`, the ext `.gz`. A path without a directory has the dir `.`, so that
/// `{{path.dir}}/x` never starts at the root.
std::string path_part(std::string_view path, PathPart part);

}  // namespace procfarm::cli
