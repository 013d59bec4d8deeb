// SPDX-License-Identifier: MIT
// argument_type.cpp - one function for each kind of type.
#include "argument_type.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "units.hpp"

namespace procfarm::cli {
namespace {

struct IntegerType {
  std::string_view name;
  std::int64_t least;
  std::uint64_t most;
};

template <class Integer>
constexpr IntegerType integer_type(std::string_view name) {
  return {name, static_cast<std::int64_t>(std::numeric_limits<Integer>::min()),
          static_cast<std::uint64_t>(std::numeric_limits<Integer>::max())};
}

constexpr std::array integer_types{
    integer_type<std::int8_t>("int8"),     integer_type<std::int16_t>("int16"),
    integer_type<std::int32_t>("int32"),   integer_type<std::int64_t>("int64"),
    integer_type<std::uint8_t>("uint8"),   integer_type<std::uint16_t>("uint16"),
    integer_type<std::uint32_t>("uint32"), integer_type<std::uint64_t>("uint64")};

/// How many nanoseconds one count of a duration has.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> duration_types{
    {{"duration", 1},
     {"nanoseconds", 1},
     {"microseconds", 1'000},
     {"milliseconds", 1'000'000},
     {"seconds", 1'000'000'000},
     {"minutes", 60'000'000'000},
     {"hours", 3'600'000'000'000}}};

const IntegerType* find_integer_type(std::string_view name) {
  const auto* found = std::find_if(integer_types.begin(), integer_types.end(),
                                   [name](const IntegerType& type) { return type.name == name; });
  return found == integer_types.end() ? nullptr : found;
}

std::optional<std::int64_t> unit_of_duration(std::string_view name) {
  for (const auto& [known, unit] : duration_types) {
    if (known == name) return unit;
  }
  return std::nullopt;
}

bool is_float(std::string_view name) {
  return name == "float" || name == "double" || name == "float32" || name == "float64";
}

std::string shown(const Value& value) {
  constexpr std::size_t most = 60;
  if (value.is_array() || value.is_object() || value.is_null()) return std::string(kind_of(value));
  const std::string text = json_text(value);
  return fmt::format("{} {}", kind_of(value),
                     text.size() <= most ? text : text.substr(0, most) + "...");
}

[[noreturn]] void refuse(const Value& value, std::string_view expected) {
  throw std::invalid_argument(fmt::format("expected {}, got {}", expected, shown(value)));
}

/// The number that the whole text is.
template <class Number>
std::optional<Number> parse_number(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<Value> parse_integer(const std::string& text) {
  if (const auto number = parse_number<std::int64_t>(text)) return Value(*number);
  if (const auto number = parse_number<std::uint64_t>(text)) return Value(*number);
  return std::nullopt;
}

Value convert_integer(const Value& value, const IntegerType& type, ArgumentOrigin origin) {
  const auto expected = [&type] {
    return fmt::format("{} (an integer from {} to {})", type.name, type.least, type.most);
  };
  Value number = value;
  if (value.is_string() && origin == ArgumentOrigin::text_data) {
    const auto parsed = parse_integer(value.get_ref<const std::string&>());
    if (!parsed) refuse(value, expected());
    number = *parsed;
  }
  if (!number.is_number_integer()) refuse(value, expected());
  const bool is_negative = !number.is_number_unsigned() && number.get<std::int64_t>() < 0;
  const bool fits = is_negative ? number.get<std::int64_t>() >= type.least
                                : number.get<std::uint64_t>() <= type.most;
  if (!fits) refuse(value, expected());
  return number;
}

Value convert_float(const Value& value, const ArgumentType& type, ArgumentOrigin origin) {
  if (value.is_string() && origin == ArgumentOrigin::text_data) {
    const auto parsed = parse_number<double>(value.get_ref<const std::string&>());
    if (!parsed) refuse(value, type.name + " (a number)");
    return *parsed;
  }
  if (!value.is_number()) refuse(value, type.name + " (a number)");
  return value.get<double>();
}

Value convert_boolean(const Value& value, ArgumentOrigin origin) {
  if (value.is_boolean()) return value;
  if (value.is_string() && origin == ArgumentOrigin::text_data) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
  }
  refuse(value, "bool (true or false)");
}

Value convert_text(const Value& value, const ArgumentType& type, ArgumentOrigin origin) {
  if (value.is_string()) return value;
  if (origin == ArgumentOrigin::literal || value.is_structured() || value.is_null()) {
    refuse(value, type.name);
  }
  return text_of(value);
}

Value convert_duration(const Value& value, const ArgumentType& type, std::int64_t unit,
                       ArgumentOrigin origin) {
  // A result of another task is a count already; what a person wrote needs its unit.
  if (value.is_number_integer() && (origin != ArgumentOrigin::literal || value == 0)) return value;
  if (!value.is_string()) refuse(value, "a duration such as \"30s\"");
  const std::int64_t count = parse_duration(value.get_ref<const std::string&>()).count();
  if (count % unit != 0) {
    refuse(value, fmt::format("a whole number of {}", type.name));
  }
  return count / unit;
}

Value convert_list(const Value& value, const ArgumentType& type, ArgumentOrigin origin) {
  if (!value.is_array()) refuse(value, to_string(type) + " (a list)");
  if (type.parameters.empty()) return value;
  Value list = Value::array();
  for (const Value& element : value) {
    list.push_back(convert_argument(element, type.parameters[0], origin));
  }
  return list;
}

Value convert_tuple(const Value& value, const ArgumentType& type, ArgumentOrigin origin) {
  if (!value.is_array() || value.size() != type.parameters.size()) {
    refuse(value, fmt::format("{} (a list of {})", to_string(type), type.parameters.size()));
  }
  Value list = Value::array();
  for (std::size_t i = 0; i < value.size(); ++i) {
    list.push_back(convert_argument(value[i], type.parameters[i], origin));
  }
  return list;
}

Value convert_map(const Value& value, const ArgumentType& type, ArgumentOrigin origin) {
  if (!value.is_object()) refuse(value, to_string(type) + " (a table)");
  if (type.parameters.size() != 2) return value;
  Value table = Value::object();
  for (const auto& member : value.items()) {
    table[member.key()] = convert_argument(member.value(), type.parameters[1], origin);
  }
  return table;
}

/// Reads a type and what its angle brackets hold from the front of `text`.
ArgumentType take_type(std::string_view& text) {
  ArgumentType type;
  const std::size_t end = std::min(text.find_first_of("<>,"), text.size());
  for (const char character : text.substr(0, end)) {
    if (character != ' ') type.name += character;
  }
  text.remove_prefix(end);
  if (text.empty() || text.front() != '<') return type;
  while (!text.empty() && text.front() != '>') {
    text.remove_prefix(1);
    type.parameters.push_back(take_type(text));
  }
  if (!text.empty()) text.remove_prefix(1);
  return type;
}

}  // namespace

bool ArgumentType::is_list() const {
  return name == "list" || name == "set" || name == "vector" || name == "array" || name == "span";
}

bool ArgumentType::is_tuple() const { return name == "tuple" || name == "pair"; }

bool ArgumentType::is_map() const { return name == "map"; }

bool ArgumentType::is_known() const {
  return name == "bool" || is_text() || is_float(name) || is_list() || is_tuple() || is_map() ||
         is_optional() || name == "bytes" || find_integer_type(name) != nullptr ||
         unit_of_duration(name).has_value();
}

ArgumentType parse_argument_type(std::string_view text) { return take_type(text); }

std::string to_string(const ArgumentType& type) {
  if (type.parameters.empty()) return type.name;
  std::string text = type.name + "<";
  for (std::size_t i = 0; i < type.parameters.size(); ++i) {
    text += (i == 0 ? "" : ", ") + to_string(type.parameters[i]);
  }
  return text + ">";
}

Value convert_argument(const Value& value, const ArgumentType& type, ArgumentOrigin origin) {
  if (const IntegerType* integer = find_integer_type(type.name)) {
    return convert_integer(value, *integer, origin);
  }
  if (const auto unit = unit_of_duration(type.name)) {
    return convert_duration(value, type, *unit, origin);
  }
  if (is_float(type.name)) return convert_float(value, type, origin);
  if (type.name == "bool") return convert_boolean(value, origin);
  if (type.is_text()) return convert_text(value, type, origin);
  if (type.is_list()) return convert_list(value, type, origin);
  if (type.is_tuple()) return convert_tuple(value, type, origin);
  if (type.is_map()) return convert_map(value, type, origin);
  if (type.is_optional()) {
    return value.is_null() ? value : convert_argument(value, type.parameters[0], origin);
  }
  if (type.name == "bytes" && !value.is_string() && !value.is_array())
    refuse(value, "bytes (text)");
  return value;
}

}  // namespace procfarm::cli
