// SPDX-License-Identifier: MIT
// format_spec.cpp - hands the work to fmt. fmt tells of a bad format by an exception only, hence
// the one catch here.
#include "format_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace procfarm::cli {
namespace {

std::string format_with_fmt(const Value& value, std::string_view spec) {
  const std::string format = "{:" + std::string(spec) + "}";
  const auto formatted = [&format](const auto& plain) {
    return fmt::vformat(format, fmt::make_format_args(plain));
  };
  const bool float_format =
      !spec.empty() && std::string_view("aAeEfFgG").find(spec.back()) != std::string_view::npos;
  if (value.is_number_float() || (value.is_number() && float_format)) {
    return formatted(value.get<double>());
  }
  if (value.is_number_unsigned()) return formatted(value.get<std::uint64_t>());
  if (value.is_number_integer()) return formatted(value.get<std::int64_t>());
  if (value.is_boolean()) return formatted(value.get<bool>());
  return formatted(text_of(value));
}

/// A width such as 999999999 would be taken literally, and the memory with it.
bool has_huge_number(std::string_view spec) {
  constexpr std::size_t most_digits = 4;
  std::size_t digits = 0;
  for (const char character : spec) {
    digits = character >= '0' && character <= '9' ? digits + 1 : 0;
    if (digits > most_digits) return true;
  }
  return false;
}

bool fits(const Value& value, std::string_view spec) {
  try {
    format_value(value, spec);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

}  // namespace

std::string problem_of_format(std::string_view spec) {
  if (spec.empty()) return "is empty";
  if (spec.find_first_of("{}") != std::string_view::npos) return "contains braces";
  if (has_huge_number(spec)) return "has a number above 9999";
  const std::array samples{Value(1), Value(1.5), Value("text"), Value(true)};
  const bool possible = std::any_of(samples.begin(), samples.end(),
                                    [spec](const Value& sample) { return fits(sample, spec); });
  return possible ? "" : "is not one that fmt knows";
}

std::string format_value(const Value& value, std::string_view spec) {
  try {
    return format_with_fmt(value, spec);
  } catch (const fmt::format_error& error) {
    throw std::invalid_argument(error.what());
  }
}

}  // namespace procfarm::cli
