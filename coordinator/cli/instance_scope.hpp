// SPDX-License-Identifier: MIT
// instance_scope.hpp - what the placeholders of one instance mean: its row, the names that are
// always there, and what the tasks it needs have left.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "instance.hpp"

namespace procfarm::cli {

/// All it is given must outlive it.
class InstanceScope : public Scope {
 public:
  /// What is not set in `context` is the placeholder's own text, or with `unset_as_zero` the number
  /// 0, which fits formats that a text does not fit.
  InstanceScope(const TaskSpec& task, const Instance& instance, const ResolveContext& context,
                bool unset_as_zero = false)
      : task_(task), instance_(instance), context_(context), unset_as_zero_(unset_as_zero) {}

  std::optional<Value> lookup(std::string_view name, Accessor accessor) const override;

 private:
  const Value* own(std::string_view name) const;
  std::optional<Value> always_there(std::string_view name) const;
  Value of_other_task(const std::string& name, Accessor accessor) const;
  JobError missing_member(std::string_view name) const;
  Value unset(std::string_view name) const;
  template <class T>
  Value known_or_unset(const std::optional<T>& value, std::string_view name) const;

  const TaskSpec& task_;
  const Instance& instance_;
  const ResolveContext& context_;
  bool unset_as_zero_;
};

/// True for `index`, `count`, `attempt`, `task`, `run`, `rundir`, `worker`.
bool is_always_there(std::string_view name);
/// What is said of data that has such a name for a variable.
std::string reserved_name_message(std::string_view name);

/// True for the accessors that ask for what another task has left.
bool asks_other_task(Accessor accessor);

/// All names that are always there.
const std::vector<std::string>& always_there_names();

}  // namespace procfarm::cli
