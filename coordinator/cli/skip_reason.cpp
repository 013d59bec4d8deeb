// SPDX-License-Identifier: MIT
// skip_reason.cpp - a definition is JSON that another version may have written: what is not there
// is not guessed.
#include "skip_reason.hpp"

#include <nlohmann/json.hpp>

namespace procfarm::cli {
namespace {

std::string when_of(const TaskDescription& task) {
  const auto definition = nlohmann::json::parse(task.definition, nullptr, false);
  if (!definition.is_object()) return {};
  const auto when = definition.find("when");
  return when != definition.end() && when->is_string() ? when->get<std::string>() : std::string();
}

}  // namespace

const char* when_word(When when) {
  switch (when) {
    case When::success: return "success";
    case When::failure: return "failure";
    case When::always: return "always";
  }
  return "";
}

const char* not_wanted_text(const std::string& when) {
  if (when.empty()) return "what it needs did not end as it waits for";
  return when == when_word(When::failure) ? "nothing that it needs has failed"
                                          : "what it needs did not succeed";
}

std::string skip_reason(const AttemptFinished& attempt, const TaskDescription& task) {
  if (attempt.cause == "needs") return not_wanted_text(when_of(task));
  if (attempt.cause == "up-to-date") return "up to date";
  return std::string(outcome_name(attempt.outcome));
}

}  // namespace procfarm::cli
