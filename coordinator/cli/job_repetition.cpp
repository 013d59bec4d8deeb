// SPDX-License-Identifier: MIT
// job_repetition.cpp - reads foreach and matrix. What can be wrong with the data itself is found
// when it is opened or read.
#include <algorithm>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "instance_scope.hpp"
#include "job_fields.hpp"
#include "matrix.hpp"

namespace procfarm::cli {
namespace {

/// In the order of ForeachKind.
const std::vector<std::string>& kinds() {
  static const std::vector<std::string> names{"lines", "csv",   "tsv",   "jsonl",
                                              "glob",  "range", "values"};
  return names;
}

const std::vector<std::string>& foreach_keys() {
  static const std::vector<std::string> names{"lines",  "csv", "tsv",  "jsonl", "glob",    "range",
                                              "values", "as",  "skip", "limit", "strip_cr"};
  return names;
}

void check_not_reserved(std::string_view name, const Position& position) {
  if (is_always_there(name)) throw JobError(position, reserved_name_message(name));
}

void check_no_reserved(const Node& table) {
  for (const NodeMember& member : table.members) check_not_reserved(member.name, member.position);
}

/// Variables appear in placeholders: a dot would begin an accessor there.
void check_variable(std::string_view name, const Position& position) {
  const bool is_plain = is_name(name) && name.find('.') == std::string_view::npos;
  if (!is_plain) {
    throw JobError(position, fmt::format("'{}' is no name for a variable", name),
                   "letters, digits, '_' and '-'");
  }
  check_not_reserved(name, position);
}

void read_range(const Node& node, Foreach& rows) {
  const auto& numbers = read_list(node, "foreach.range", "a list such as [0, 99] or [0, 99, 3]");
  if (numbers.size() != 2 && numbers.size() != 3) {
    throw JobError(
        node.position,
        fmt::format("'foreach.range': expected two numbers, or three with a step, got {}",
                    numbers.size()));
  }
  rows.first = read_integer(numbers[0].value, "foreach.range");
  rows.last = read_integer(numbers[1].value, "foreach.range");
  if (numbers.size() == 2) return;
  rows.step = read_integer(numbers[2].value, "foreach.range");
  if (rows.step == 0) throw JobError(numbers[2].value.position, "'foreach.range': step is 0");
}

void read_data(const NodeMember& data, Foreach& rows) {
  const std::string key = "foreach." + data.name;
  rows.position = data.value.position;
  switch (rows.kind) {
    case ForeachKind::range: read_range(data.value, rows); return;
    case ForeachKind::values:
      for (const NodeMember& value : read_list(data.value, key)) {
        if (value.value.kind == Node::Kind::table) check_no_reserved(value.value);
        rows.values.push_back(to_value(value.value, key));
      }
      return;
    default: break;
  }
  rows.path = read_text(data.value, key);
  if (rows.path.empty()) throw JobError(data.value.position, fmt::format("'{}': is empty", key));
}

void read_kind(const Node& node, Foreach& rows) {
  const NodeMember* data = nullptr;
  for (const NodeMember& member : node.members) {
    const auto kind = std::find(kinds().begin(), kinds().end(), member.name);
    if (kind == kinds().end()) continue;
    if (data != nullptr) {
      throw JobError(member.position,
                     fmt::format("'foreach': both '{}' and '{}'", data->name, member.name),
                     "one source for each task");
    }
    data = &member;
    rows.kind = static_cast<ForeachKind>(kind - kinds().begin());
  }
  if (data == nullptr) {
    throw JobError(node.position, "'foreach': no data",
                   "give one of lines, csv, tsv, jsonl, glob, range, values");
  }
  read_data(*data, rows);
}

std::uint64_t read_row_count(const Node& node, std::string_view key) {
  return static_cast<std::uint64_t>(read_integer(node, key, 0));
}

std::vector<Value> read_tables(const Node* list, std::string_view key) {
  std::vector<Value> tables;
  if (list == nullptr) return tables;
  for (const NodeMember& member : read_list(*list, key, "a list of tables")) {
    read_table(member.value, key, "a table such as { tool = \"xz\", level = 9 }");
    for (const NodeMember& name : member.value.members) check_variable(name.name, name.position);
    tables.push_back(to_value(member.value, key));
  }
  return tables;
}

/// Returns the names of the axes.
std::vector<std::string> check_axes(const Node& axes, const Node* exclude) {
  std::vector<std::string> names;
  for (const NodeMember& axis : read_table(axes, "matrix")) {
    const std::string key = "matrix." + axis.name;
    check_variable(axis.name, axis.position);
    if (read_list(axis.value, key).empty()) {
      throw JobError(axis.value.position, fmt::format("'{}': is empty", key));
    }
    names.push_back(axis.name);
  }
  if (exclude == nullptr || exclude->kind != Node::Kind::list) return names;
  for (const NodeMember& member : exclude->members) check_keys(member.value, names, "'exclude'");
  return names;
}

}  // namespace

std::string Foreach::variable() const {
  if (!as.empty()) return as;
  if (kind == ForeachKind::lines) return "line";
  return kind == ForeachKind::glob ? "path" : "value";
}

bool Foreach::is_text() const {
  return kind == ForeachKind::lines || kind == ForeachKind::csv || kind == ForeachKind::tsv;
}

Foreach read_foreach(const Node& node) {
  Foreach rows;
  read_table(node, "foreach", "a table such as { lines = \"urls.txt\" }");
  check_keys(node, foreach_keys(), "'foreach'");
  read_kind(node, rows);
  if (const Node* as = node.find("as")) {
    rows.as = read_text(*as, "foreach.as");
    check_variable(rows.as, as->position);
    if (rows.kind == ForeachKind::csv || rows.kind == ForeachKind::tsv) {
      throw JobError(as->position, "'foreach.as': the header of the data gives the names");
    }
  }
  if (const Node* skip = node.find("skip")) rows.skip = read_row_count(*skip, "foreach.skip");
  if (const Node* limit = node.find("limit")) {
    rows.limit = read_row_count(*limit, "foreach.limit");
  }
  if (const Node* strip = node.find("strip_cr")) {
    rows.strip_cr = read_boolean(*strip, "foreach.strip_cr");
    if (rows.kind != ForeachKind::lines) {
      throw JobError(strip->position, "'foreach.strip_cr': is only for 'lines'");
    }
  }
  return rows;
}

Matrix read_matrix(const Node* axes, const Node* include, const Node* exclude) {
  Matrix matrix;
  if (axes != nullptr) matrix.names = check_axes(*axes, exclude);  // known if all is excluded, too
  const Value lists = axes != nullptr ? to_value(*axes, "matrix") : Value::object();
  try {
    matrix.combinations =
        expand_matrix(lists, read_tables(include, "include"), read_tables(exclude, "exclude"));
  } catch (const std::invalid_argument& error) {
    const Node* place = axes != nullptr ? axes : include;
    throw JobError(place->position, fmt::format("'matrix': {}", error.what()));
  }
  for (const Value& combination : matrix.combinations) {
    for (const auto& field : combination.items()) {
      const auto known = std::find(matrix.names.begin(), matrix.names.end(), field.key());
      if (known == matrix.names.end()) matrix.names.push_back(field.key());
    }
  }
  return matrix;
}

}  // namespace procfarm::cli
