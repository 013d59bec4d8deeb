// SPDX-License-Identifier: MIT
// option_values.cpp - numbers are whole or refused; nothing is guessed from half a text.
#include "option_values.hpp"

#include <fmt/format.h>
#include <charconv>
#include <CLI/CLI.hpp>
#include <stdexcept>
#include <system_error>

namespace procfarm::cli {
namespace {

constexpr const char* halt_forms =
    "expected soon or now, then fail, success or done with a number: soon,fail=1 or now,fail=20%";

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

[[noreturn]] void refuse(const std::string& option, const std::string& message) {
  throw CLI::ValidationError(option, message);
}

template <class T, std::size_t Count>
T one_of(const std::string& option, const std::string& text, const Choices<T, Count>& choices) {
  for (const auto& [word, meaning] : choices) {
    if (text == word) return meaning;
  }
  refuse(option, fmt::format("'{}' is none of {}", text, choices_of(choices, ", ")));
}

HaltPolicy::Counted parse_counted(std::string_view text) {
  if (text == "fail") return HaltPolicy::Counted::fail;
  if (text == "success") return HaltPolicy::Counted::success;
  if (text == "done") return HaltPolicy::Counted::done;
  throw std::invalid_argument(halt_forms);
}

}  // namespace

std::optional<HaltPolicy> parse_halt(const std::string& text) {
  if (text == "never") return std::nullopt;
  HaltPolicy policy;
  const auto comma = text.find(',');
  const auto equals = text.find('=');
  const std::string pace = text.substr(0, comma);
  if (comma == std::string::npos || equals == std::string::npos || equals < comma ||
      (pace != "soon" && pace != "now")) {
    throw std::invalid_argument(halt_forms);
  }
  policy.pace = pace == "now" ? HaltPolicy::Pace::now : HaltPolicy::Pace::soon;
  policy.counted = parse_counted(std::string_view(text).substr(comma + 1, equals - comma - 1));
  std::string_view number = std::string_view(text).substr(equals + 1);
  policy.percent = !number.empty() && number.back() == '%';
  if (policy.percent) number.remove_suffix(1);
  const auto threshold = whole_number<std::uint64_t>(number);
  if (!threshold || *threshold == 0 || (policy.percent && *threshold > 100)) {
    throw std::invalid_argument(halt_forms);
  }
  policy.threshold = *threshold;
  return policy;
}

std::string refuse_empty(const std::string& text) {
  return text.empty() ? "an empty name names no file" : "";
}

int option_jobs(const std::string& text) {
  const auto number = whole_number<int>(text);
  if (!number) refuse("-j", fmt::format("'{}' is not a number", text));
  if (*number <= 0) refuse("-j", "must be greater than 0");
  return *number;
}

int option_attempt(const std::string& text) {
  const auto number = whole_number<int>(text);
  if (!number || *number < 1) refuse("--attempt", fmt::format("'{}' is none: 1, 2, ...", text));
  return *number;
}

int option_retries(const std::string& text) {
  const auto number = whole_number<int>(text);
  if (!number || *number < 0) {
    refuse("--retries", fmt::format("'{}' is not a number of further attempts", text));
  }
  return *number;
}

int option_crash_limit(const std::string& text) {
  const auto number = whole_number<int>(text);
  if (!number || *number <= 0) {
    refuse("--crash-limit", fmt::format("'{}' is not a number of at least 1", text));
  }
  return *number;
}

Duration option_timeout(const std::string& text) {
  try {
    return parse_duration_option(text);
  } catch (const std::invalid_argument& error) {
    refuse("--timeout", error.what());
  }
}

std::optional<HaltPolicy> option_halt(const std::string& text) {
  try {
    return parse_halt(text);
  } catch (const std::invalid_argument& error) {
    refuse("--halt", fmt::format("'{}': {}", text, error.what()));
  }
}

ColorMode option_color(const std::string& text) { return one_of("--color", text, colors); }

DurabilityLevel option_durability(const std::string& text) {
  return one_of("--durability", text, durabilities);
}

ExportFormat option_format(const std::string& text) {
  return one_of("FORMAT", text, export_formats);
}

Shell option_shell(const std::string& text) { return one_of("SHELL", text, shells); }

}  // namespace procfarm::cli
