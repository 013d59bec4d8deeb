// SPDX-License-Identifier: MIT
// job_toml.cpp - turns what toml++ parsed into nodes and lets job_reader read those.
// toml++ sorts the keys of a table; here they get the order back in which they were written, which
// a matrix and an environment show.
#include "job_toml.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "job_node.hpp"
#include "job_reader.hpp"
#include "job_text.hpp"
#include "utf8.hpp"

namespace procfarm::cli {
namespace {

/// Makes nodes of one file.
class NodeMaker {
 public:
  NodeMaker(const std::string& file, std::string_view text) : file_(file) {
    std::size_t begin = 0;
    while (begin <= text.size()) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      lines_.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  Position position(const toml::source_position& place) const {
    return {file_, static_cast<int>(place.line), static_cast<int>(place.column)};
  }

  Node make(const toml::node& from, int depth = 0) const;

 private:
  Node list(const toml::array& from, int depth) const;
  Node table(const toml::table& from, int depth) const;
  Position text_start(const Position& quote) const;
  std::string_view text_at(const Position& place) const;

  const std::string& file_;
  std::vector<std::string_view> lines_{};
};

std::string_view NodeMaker::text_at(const Position& place) const {
  if (place.line < 1 || static_cast<std::size_t>(place.line) > lines_.size()) return {};
  std::string_view line = lines_[static_cast<std::size_t>(place.line) - 1];
  for (int column = 1; column < place.column && !line.empty(); ++column) {
    line.remove_prefix(first_character(line).size);
  }
  return line;
}

/// Where the text behind an opening quote begins; TOML drops a line feed right after three quotes.
Position NodeMaker::text_start(const Position& quote) const {
  const std::string_view rest = text_at(quote);
  Position start = quote;
  const bool three = rest.substr(0, 3) == "\"\"\"" || rest.substr(0, 3) == "'''";
  start.column += three ? 3 : 1;
  if (three && (rest.size() == 3 || rest.substr(3) == "\r")) {
    ++start.line;
    start.column = 1;
  }
  return start;
}

Node NodeMaker::list(const toml::array& from, int depth) const {
  Node node;
  node.kind = Node::Kind::list;
  for (const toml::node& element : from) {
    NodeMember member;
    member.value = make(element, depth + 1);
    member.position = member.value.position;
    node.members.push_back(std::move(member));
  }
  return node;
}

Node NodeMaker::table(const toml::table& from, int depth) const {
  Node node;
  node.kind = Node::Kind::table;
  for (const auto& [key, value] : from) {
    node.members.push_back(
        {std::string(key.str()), position(key.source().begin), make(value, depth + 1)});
  }
  std::stable_sort(node.members.begin(), node.members.end(),
                   [](const NodeMember& left, const NodeMember& right) {
                     return std::pair(left.position.line, left.position.column) <
                            std::pair(right.position.line, right.position.column);
                   });
  return node;
}

Node NodeMaker::make(const toml::node& from, int depth) const {
  const Position place = position(from.source().begin);
  if (depth > deepest_nesting) throw JobError(place, "nested too deeply");
  Node node;
  if (const auto* array = from.as_array()) node = list(*array, depth);
  if (const auto* sub_table = from.as_table()) node = table(*sub_table, depth);
  if (const auto* text = from.as_string()) {
    node.kind = Node::Kind::text;
    node.scalar = text->get();
    node.text_start = text_start(place);
  } else if (const auto* integer = from.as_integer()) {
    node.kind = Node::Kind::integer;
    node.scalar = integer->get();
  } else if (const auto* real = from.as_floating_point()) {
    node.kind = Node::Kind::real;
    node.scalar = real->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.kind = Node::Kind::boolean;
    node.scalar = boolean->get();
  } else if (from.is_date() || from.is_time() || from.is_date_time()) {
    node.kind = Node::Kind::date;
  }
  node.position = place;
  return node;
}

void add_task(TaskSpec task, Job& job, std::map<std::string, Position>& first) {
  const auto [known, is_new] = first.emplace(task.name, task.position);
  if (!is_new) {
    throw JobError(task.position_of("name"), fmt::format("task '{}' is defined twice", task.name),
                   "first at " + to_string(known->second));
  }
  job.tasks.push_back(std::move(task));
}

void read_tasks(const Node& root, Job& job) {
  const Node* tasks = root.find("task");
  if (tasks == nullptr) return;
  std::map<std::string, Position> first;
  for (const NodeMember& member :
       read_list(*tasks, "task", "tables that begin with [[task]], in two brackets")) {
    add_task(read_task(member.value, root.find("defaults"), "[[task]]", ""), job, first);
  }
}

Node parse(const std::string& text, const std::string& file) {
  const NodeMaker maker(file, text);
  try {
    const toml::table table = toml::parse(std::string_view(text), std::string_view(file));
    return maker.make(table);
  } catch (const toml::parse_error& error) {
    throw JobError(maker.position(error.source().begin), std::string(error.description()));
  }
}

}  // namespace

Job parse_job_toml(std::string text, const std::string& file, const std::string& directory) {
  check_text(text, {file, 1, 1});
  Job job;
  job.file = file;
  job.directory = directory;
  job.name = default_job_name(file);
  const Node root = parse(text, file);
  read_job_tables(root, job);
  read_tasks(root, job);
  job.text = std::move(text);
  return job;
}

Job read_job_toml(const std::string& path) {
  if (path.ends_with(".json")) {
    throw JobError({.file = path}, "a job is TOML (.toml) or JSON Lines (.jsonl, .ndjson)",
                   "one JSON object a line, in a file with one of these endings");
  }
  return parse_job_toml(JobFile(path).rest(), path, job_directory(path));
}

}  // namespace procfarm::cli
