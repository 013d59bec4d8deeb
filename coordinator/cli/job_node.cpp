// SPDX-License-Identifier: MIT
// job_node.cpp - typed values out of nodes.
#include "job_node.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace procfarm::cli {
namespace {

constexpr std::size_t longest_name = 200;

std::string shortened(const std::string& text) {
  constexpr std::size_t most = 40;
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

/// A parser of units throws what it expected; here it gets key and place.
template <class Parse>
auto read_unit(const Node& node, std::string_view key, std::string_view expected, Parse parse) {
  if (node.kind == Node::Kind::integer && node.scalar == 0) return parse("0");
  if (node.kind != Node::Kind::text) refuse(node, key, expected);
  try {
    return parse(node.scalar.get<std::string>());
  } catch (const std::invalid_argument& error) {
    throw JobError(node.position, fmt::format("'{}': {}", key, error.what()));
  }
}

/// What other tools call something that has a key here.
struct OtherName {
  std::string_view other;
  const char* key;
};

constexpr OtherName other_names[] = {
    {"cmd", "command"},
    {"argv", "command"},
    {"exec", "command"},
    {"run", "shell"},
    {"script", "shell"},
    {"depends_on", "needs"},
    {"depends", "needs"},
    {"dependencies", "needs"},
    {"requires", "needs"},
    {"after", "needs"},
    {"workdir", "cwd"},
    {"working_dir", "cwd"},
    {"working_directory", "cwd"},
    {"directory", "cwd"},
    {"dir", "cwd"},
    {"max_retries", "retries"},
    {"retry", "retries"},
    {"environment", "env"},
    {"time_limit", "timeout"},
    {"condition", "when"},
    {"threads", "cpus"},
    {"cores", "cpus"},
    {"mem", "memory"},
    {"cnt", "count"},
    {"times", "count"},
    {"wait", "delay"},
    {"steps", "task"},
    {"jobs", "task"},
};

bool is_one_of(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The key that was probably meant; else all there are, if those are few.
std::string key_advice(std::string_view word, const std::vector<std::string>& known) {
  constexpr std::size_t few = 8;
  for (const auto& [other, key] : other_names) {
    if (word == other && is_one_of(known, key)) return fmt::format("did you mean '{}'?", key);
  }
  std::string nearest = suggest(word, known);
  if (!nearest.empty() || known.empty() || known.size() > few) return nearest;
  return fmt::format("valid: {}", fmt::join(known, ", "));
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  for (const NodeMember& member : members) {
    if (kind == Kind::table && member.name == name) return &member.value;
  }
  return nullptr;
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "null";
    case Node::Kind::text:
      return fmt::format("text \"{}\"", shortened(node.scalar.get<std::string>()));
    case Node::Kind::integer: return "integer " + text_of(node.scalar);
    case Node::Kind::real: return "number " + text_of(node.scalar);
    case Node::Kind::boolean: return "boolean " + text_of(node.scalar);
    case Node::Kind::date: return "a date or time";
    case Node::Kind::list: return "a list";
    case Node::Kind::table: return "a table";
  }
  return {};
}

void refuse(const Node& node, std::string_view key, std::string_view expected, std::string advice) {
  throw JobError(node.position,
                 fmt::format("'{}': expected {}, got {}", key, expected, describe(node)),
                 std::move(advice));
}

void check_keys(const Node& table, const std::vector<std::string>& known, std::string_view where) {
  for (const NodeMember& member : table.members) {
    if (is_one_of(known, member.name)) continue;
    throw JobError(member.position, fmt::format("unknown key '{}' in {}", member.name, where),
                   key_advice(member.name, known));
  }
}

std::string read_text(const Node& node, std::string_view key) {
  if (node.kind != Node::Kind::text) {
    const bool is_simple = node.kind == Node::Kind::integer || node.kind == Node::Kind::real ||
                           node.kind == Node::Kind::boolean;
    refuse(node, key, "text",
           is_simple ? fmt::format("write \"{}\"", text_of(node.scalar)) : std::string());
  }
  auto text = node.scalar.get<std::string>();
  if (text.find('\0') != std::string::npos) {
    throw JobError(node.position, fmt::format("'{}': a text cannot contain a NUL character", key));
  }
  return text;
}

bool read_boolean(const Node& node, std::string_view key) {
  if (node.kind != Node::Kind::boolean) refuse(node, key, "true or false");
  return node.scalar.get<bool>();
}

std::int64_t read_integer(const Node& node, std::string_view key, std::int64_t least,
                          std::int64_t most) {
  if (node.kind != Node::Kind::integer) refuse(node, key, "an integer");
  const bool too_large = node.scalar.is_number_unsigned() &&
                         node.scalar.get<std::uint64_t>() >
                             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto number = node.scalar.get<std::int64_t>();
  if (too_large || number < least || number > most) {
    refuse(node, key, fmt::format("an integer from {} to {}", least, most));
  }
  return number;
}

double read_real(const Node& node, std::string_view key) {
  if (node.kind != Node::Kind::real && node.kind != Node::Kind::integer) {
    refuse(node, key, "a number");
  }
  return node.scalar.get<double>();
}

Duration read_duration(const Node& node, std::string_view key) {
  return read_unit(node, key, "a duration such as \"30s\"",
                   [](const std::string& text) { return parse_duration(text); });
}

std::uint64_t read_size(const Node& node, std::string_view key) {
  return read_unit(node, key, "a size such as \"4GiB\"",
                   [](const std::string& text) { return parse_size(text); });
}

Template read_template(const Node& node, std::string_view key, TemplateKind kind) {
  return Template(read_text(node, key), node.text_start, kind);
}

Template read_path(const Node& node, std::string_view key) {
  Template path = read_template(node, key);
  if (path.source().empty()) throw JobError(node.position, fmt::format("'{}': is empty", key));
  return path;
}

std::vector<Template> read_templates(const Node& node, std::string_view key) {
  std::vector<Template> templates;
  for (const NodeMember& element : read_list(node, key, "a list of texts")) {
    templates.push_back(read_template(element.value, key));
  }
  return templates;
}

const std::vector<NodeMember>& read_list(const Node& node, std::string_view key,
                                         std::string_view expected) {
  if (node.kind != Node::Kind::list) refuse(node, key, expected);
  return node.members;
}

const std::vector<NodeMember>& read_table(const Node& node, std::string_view key,
                                          std::string_view expected) {
  if (node.kind != Node::Kind::table) refuse(node, key, expected);
  return node.members;
}

Value to_value(const Node& node, std::string_view key) {
  if (node.kind == Node::Kind::date) {
    refuse(node, key, "text, a number, a boolean, a list or a table", "write it as text");
  }
  if (node.kind != Node::Kind::list && node.kind != Node::Kind::table) return node.scalar;
  Value value = node.kind == Node::Kind::list ? Value::array() : Value::object();
  for (const NodeMember& member : node.members) {
    if (node.kind == Node::Kind::list) {
      value.push_back(to_value(member.value, key));
    } else {
      value[member.name] = to_value(member.value, key);
    }
  }
  return value;
}

std::size_t read_word(const Node& node, std::string_view key,
                      const std::vector<std::string>& words) {
  const std::string expected = fmt::format("\"{}\"", fmt::join(words, "\", \""));
  if (node.kind != Node::Kind::text) refuse(node, key, "one of " + expected);
  const auto word = node.scalar.get<std::string>();
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) refuse(node, key, "one of " + expected, suggest(word, words));
  return static_cast<std::size_t>(found - words.begin());
}

bool is_name(std::string_view text) {
  const auto is_word = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_';
  };
  if (text.empty() || text.size() > longest_name || !is_word(text.front())) return false;
  return std::all_of(text.begin(), text.end(), [is_word](char character) {
    return is_word(character) || character == '.' || character == '-';
  });
}

void check_name(std::string_view name, const Position& position, std::string_view what) {
  if (is_name(name)) return;
  throw JobError(position, fmt::format("'{}' is no name for a {}", name, what),
                 fmt::format("letters, digits, '_', '.' and '-', at most {}, not beginning with "
                             "'.' or '-'",
                             longest_name));
}

}  // namespace procfarm::cli
