// SPDX-License-Identifier: MIT
// job_node.hpp - one form for what TOML and JSON write: values with the places where they stand,
// and the readers that take a typed value out of one or say what they expected and what they got.
// What the keys mean is not known here.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "diagnostic.hpp"
#include "template.hpp"
#include "units.hpp"
#include "value.hpp"

namespace procfarm::cli {

struct NodeMember;

/// A value as it was written. A plain value.
struct Node {
  enum class Kind { null, text, integer, real, boolean, date, list, table };
  Kind kind = Kind::null;
  Value scalar{};                   // of all but date, list and table
  std::vector<NodeMember> members;  // of a list or table, in the order they were written
  Position position{};
  Position text_start{};  // of a text's first character

  /// The value of a table's key, or null.
  const Node* find(std::string_view name) const;
};

struct NodeMember {
  std::string name{};  // empty in a list
  Position position{};
  Node value{};
};

/// How deep lists and tables may stand in each other.
inline constexpr int deepest_nesting = 64;

/// `integer 30`, `text "abc"`, `a list`.
std::string describe(const Node& node);

/// Throws JobError: `'timeout': expected a duration such as "30s", got integer 30`.
[[noreturn]] void refuse(const Node& node, std::string_view key, std::string_view expected,
                         std::string advice = {});

/// Throws JobError at the first key of `table` that is not among `known`:
/// `unknown key 'timout' in [[task]] 'digest' (did you mean 'timeout'?)`.
void check_keys(const Node& table, const std::vector<std::string>& known, std::string_view where);

/// Each returns the value or throws JobError at the node; `key` is its name in the message.
std::string read_text(const Node& node, std::string_view key);
bool read_boolean(const Node& node, std::string_view key);
std::int64_t read_integer(const Node& node, std::string_view key,
                          std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                          std::int64_t most = std::numeric_limits<std::int64_t>::max());
double read_real(const Node& node, std::string_view key);
Duration read_duration(const Node& node, std::string_view key);
std::uint64_t read_size(const Node& node, std::string_view key);
Template read_template(const Node& node, std::string_view key,
                       TemplateKind kind = TemplateKind::text);
/// A template that is not empty.
Template read_path(const Node& node, std::string_view key);
std::vector<Template> read_templates(const Node& node, std::string_view key);
const std::vector<NodeMember>& read_list(const Node& node, std::string_view key,
                                         std::string_view expected = "a list");
const std::vector<NodeMember>& read_table(const Node& node, std::string_view key,
                                          std::string_view expected = "a table");

/// The value without its places. Throws JobError for a date.
Value to_value(const Node& node, std::string_view key);

/// One of a few words; `words` in the order of their numbers.
std::size_t read_word(const Node& node, std::string_view key,
                      const std::vector<std::string>& words);

/// True for what names of tasks, pools, tags and modules may be: letters, digits, `_`, `.`, `-`,
/// beginning with a letter, a digit or `_`, at most 200.
bool is_name(std::string_view text);

/// Throws JobError if `name` is none.
void check_name(std::string_view name, const Position& position, std::string_view what);

}  // namespace procfarm::cli
