// SPDX-License-Identifier: MIT
// argument_type.hpp - the types of exported functions' parameters, as their texts tell them, and
// the conversion of a value to one of them. A type that is not known here accepts everything: then
// the worker decides when it decodes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "value.hpp"

namespace procfarm::cli {

/// `map<string, list<int64>>` as a tree. A plain value.
struct ArgumentType {
  std::string name{};
  std::vector<ArgumentType> parameters{};

  bool is_list() const;  // of any length: list, set, ...
  bool is_tuple() const;
  bool is_map() const;
  bool is_optional() const { return name == "optional" && parameters.size() == 1; }
  bool is_text() const { return name == "string" || name == "path"; }
  /// False: nothing can be said about its values here.
  bool is_known() const;
};

ArgumentType parse_argument_type(std::string_view text);

std::string to_string(const ArgumentType& type);

/// Where a value comes from tells how strict its type is taken: what a person wrote must have the
/// type; a value of a row or a result may be a number where text is wanted; lines, csv and tsv have
/// only text, which is parsed.
enum class ArgumentOrigin { literal, data, text_data };

/// The value as the parameter's type wants it: an integer becomes a float, a duration its count.
/// Throws std::invalid_argument, `expected uint64, got text "abc"`.
Value convert_argument(const Value& value, const ArgumentType& type, ArgumentOrigin origin);

}  // namespace procfarm::cli
