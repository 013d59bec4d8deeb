// SPDX-License-Identifier: MIT
// run_selection.cpp - takes a selector apart.
#include "run_selection.hpp"

#include <fmt/format.h>
#include <charconv>

#include "diagnostic.hpp"
#include "run_schema.hpp"

namespace procfarm::cli {
namespace {

bool parse_index(std::string_view text, std::uint64_t& index) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, index);
  return error == std::errc() && stop == end && index <= RunSelection::no_end;
}

RunError selects_nothing(std::string_view selector) {
  return RunError(
      fmt::format("'{}' selects nothing: write name, name[3], name[0-9], tag:x or failed",
                  escape_control(selector)));
}

bool parse_range(std::string_view text, RunSelection& selection) {
  const std::size_t dash = text.find('-');
  if (!parse_index(text.substr(0, dash), selection.first)) return false;
  selection.last = selection.first;
  if (dash == std::string_view::npos) return true;
  return parse_index(text.substr(dash + 1), selection.last) && selection.first <= selection.last;
}

}  // namespace

RunSelection parse_run_selection(std::string_view selector) {
  RunSelection selection;
  if (selector == "failed") {
    selection.failed = true;
  } else if (selector.starts_with("tag:")) {
    selection.tag = selector.substr(4);
    if (selection.tag.empty()) throw selects_nothing(selector);
  } else if (!selector.ends_with(']')) {
    selection.task = selector;
  } else {
    const std::size_t bracket = selector.rfind('[');
    selection.task = selector.substr(0, bracket);
    if (bracket == std::string_view::npos || selection.task.empty() ||
        !parse_range(selector.substr(bracket + 1, selector.size() - bracket - 2), selection)) {
      throw selects_nothing(selector);
    }
  }
  return selection;
}

}  // namespace procfarm::cli
