// SPDX-License-Identifier: MIT
// table_scope.hpp - values for the placeholders of a test, by their full names, and how to catch a
// JobError as text.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "coordinator/cli/template.hpp"

namespace procfarm::cli {

class TableScope : public Scope {
 public:
  using Values = std::map<std::string, Value>;

  explicit TableScope(Values values) : values_(std::move(values)) {}

  std::optional<Value> lookup(std::string_view name, Accessor accessor) const override {
    std::string full(name);
    if (accessor != Accessor::none) full += "." + std::string(to_string(accessor));
    if (accessor == Accessor::results_file) full += "-file";
    const auto found = values_.find(full);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  Values values_;
};

/// The text of the JobError that `action` throws, or "no error".
template <class Action>
std::string job_error(Action action) {
  try {
    action();
  } catch (const JobError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace procfarm::cli
