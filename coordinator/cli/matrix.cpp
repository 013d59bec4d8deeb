// SPDX-License-Identifier: MIT
// matrix.cpp - product, then exclude, then include, in this order. An include looks only at the
// values of the axes: what an earlier include has added it may replace.
#include "matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "diagnostic.hpp"

namespace procfarm::cli {
namespace {

constexpr std::size_t most_combinations = 10'000'000;

void check_axes(const Value& axes) {
  if (!axes.is_object()) throw std::invalid_argument("matrix must be a table of lists");
  std::size_t count = 1;
  for (const auto& [name, values] : axes.items()) {
    if (!values.is_array() || values.empty()) {
      throw std::invalid_argument(
          fmt::format("matrix.{} must be a list with at least one value", name));
    }
    if (values.size() > most_combinations / count) {
      throw std::invalid_argument("matrix has more than ten million combinations");
    }
    count *= values.size();
  }
}

void check_entries(const char* key, const std::vector<Value>& entries) {
  for (const Value& entry : entries) {
    if (!entry.is_object() || entry.empty()) {
      throw std::invalid_argument(
          fmt::format("each entry of {} must be a table with members", key));
    }
  }
}

void check_excludes(const std::vector<Value>& exclude, const Value& axes) {
  check_entries("exclude", exclude);
  std::vector<std::string> names;
  for (const auto& [name, values] : axes.items()) names.push_back(name);
  for (const Value& entry : exclude) {
    for (const auto& [name, value] : entry.items()) {
      if (axes.contains(name)) continue;
      const std::string advice = suggest(name, names);
      throw std::invalid_argument(fmt::format("exclude names '{}', which the matrix has not{}",
                                              name, advice.empty() ? "" : " (" + advice + ")"));
    }
  }
}

std::vector<Value> product(const Value& axes) {
  std::vector<Value> combinations;
  if (axes.empty()) return combinations;
  combinations.push_back(Value::object());
  for (const auto& [name, values] : axes.items()) {
    std::vector<Value> extended;
    extended.reserve(combinations.size() * values.size());
    for (const Value& combination : combinations) {
      for (const Value& value : values) {
        extended.push_back(combination);
        extended.back()[name] = value;
      }
    }
    combinations = std::move(extended);
  }
  return combinations;
}

bool agrees(const Value& combination, const Value& entry) {
  return std::all_of(entry.items().begin(), entry.items().end(), [&](const auto& member) {
    return combination.contains(member.key()) && combination[member.key()] == member.value();
  });
}

/// True if adding `entry` would change no value that an axis gave.
bool leaves_axes(const Value& combination, const Value& entry, const Value& axes) {
  return std::all_of(entry.items().begin(), entry.items().end(), [&](const auto& member) {
    return !axes.contains(member.key()) || combination[member.key()] == member.value();
  });
}

}  // namespace

std::vector<Value> expand_matrix(const Value& axes, const std::vector<Value>& include,
                                 const std::vector<Value>& exclude) {
  check_axes(axes);
  check_excludes(exclude, axes);
  check_entries("include", include);
  std::vector<Value> combinations = product(axes);
  for (const Value& entry : exclude) {
    std::erase_if(combinations,
                  [&](const Value& combination) { return agrees(combination, entry); });
  }
  std::vector<Value> added;
  for (const Value& entry : include) {
    bool extended = false;
    for (Value& combination : combinations) {
      if (!leaves_axes(combination, entry, axes)) continue;
      combination.update(entry);
      extended = true;
    }
    if (!extended) added.push_back(entry);
  }
  combinations.insert(combinations.end(), added.begin(), added.end());
  return combinations;
}

}  // namespace procfarm::cli
