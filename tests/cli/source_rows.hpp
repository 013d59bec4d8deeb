// SPDX-License-Identifier: MIT
// source_rows.hpp - the rows of a source as text that a test can compare.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coordinator/cli/source.hpp"

namespace procfarm::cli {

/// `name=value;name=value`, or `! error`. Text is shown without quotes.
inline std::string row_text(const Row& row) {
  if (!row.error.empty()) return "! " + row.error;
  std::string text;
  for (const auto& [name, value] : row.fields) {
    text += (text.empty() ? "" : ";") + name + "=" + text_of(value);
  }
  return text;
}

inline std::vector<std::string> all_rows(Source& source) {
  std::vector<std::string> rows;
  while (const auto row = source.next()) rows.push_back(row_text(*row));
  return rows;
}

inline std::vector<std::string> all_rows(const std::unique_ptr<Source>& source) {
  return all_rows(*source);
}

using Rows = std::vector<std::string>;

}  // namespace procfarm::cli
