// SPDX-License-Identifier: MIT
// json_node.cpp - the parser reports values one by one but not where they stand; since it reports
// them in order, a cursor that passes over the text beside it knows.
#include "json_node.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace procfarm::cli {
namespace {

/// Builds the node from the parser's events.
class NodeBuilder : public nlohmann::json_sax<Value> {
 public:
  NodeBuilder(std::string_view text, const Position& start) : text_(text), start_(start) {}

  Node take() { return std::move(root_); }

  bool null() override { return scalar(Node::Kind::null, nullptr); }
  bool boolean(bool value) override { return scalar(Node::Kind::boolean, value); }
  bool number_integer(number_integer_t value) override {
    return scalar(Node::Kind::integer, value);
  }
  bool number_unsigned(number_unsigned_t value) override {
    return scalar(Node::Kind::integer, value);
  }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!is_exact_number(text)) throw JobError(next_token(), too_large_message(text));
    return scalar(Node::Kind::real, value);
  }
  bool string(string_t& value) override { return scalar(Node::Kind::text, value); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Node::Kind::table); }
  bool start_array(std::size_t) override { return open(Node::Kind::list); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& value) override;
  bool parse_error(std::size_t byte, const std::string& token,
                   const nlohmann::detail::exception& error) override;

 private:
  Position next_token();
  std::size_t end_of_token() const;
  bool scalar(Node::Kind kind, Value value);
  bool open(Node::Kind kind);
  bool close();
  void place(Node node);

  std::string_view text_;
  const Position& start_;
  std::size_t at_ = 0;
  Node root_{};
  std::vector<Node> open_{};         // lists and tables that are not closed yet
  std::vector<NodeMember> names_{};  // of what is being read, one for each open table's key
};

std::size_t NodeBuilder::end_of_token() const {
  const char first = at_ < text_.size() ? text_[at_] : '\0';
  if (first == '"') {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    return std::min(end + 1, text_.size());
  }
  if (std::string_view("{}[]").find(first) != std::string_view::npos) return at_ + 1;
  return std::min(text_.find_first_of(",:{}[] \t\r\n", at_), text_.size());
}

Position NodeBuilder::next_token() {
  at_ = std::min(text_.find_first_not_of(",: \t\r\n", at_), text_.size());
  Position place = position_at(text_, at_, start_);
  at_ = end_of_token();
  return place;
}

void NodeBuilder::place(Node node) {
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Node& parent = open_.back();
  NodeMember member;
  if (parent.kind == Node::Kind::table) {
    member = std::move(names_.back());
    names_.pop_back();
  } else {
    member.position = node.position;
  }
  member.value = std::move(node);
  parent.members.push_back(std::move(member));
}

bool NodeBuilder::scalar(Node::Kind kind, Value value) {
  Node node;
  node.kind = kind;
  node.scalar = std::move(value);
  node.position = next_token();
  node.text_start = node.position;
  ++node.text_start.column;
  place(std::move(node));
  return true;
}

bool NodeBuilder::open(Node::Kind kind) {
  Node node;
  node.kind = kind;
  node.position = next_token();
  if (open_.size() >= static_cast<std::size_t>(deepest_nesting)) {
    throw JobError(node.position, "nested too deeply");
  }
  open_.push_back(std::move(node));
  return true;
}

bool NodeBuilder::close() {
  next_token();
  Node node = std::move(open_.back());
  open_.pop_back();
  place(std::move(node));
  return true;
}

bool NodeBuilder::key(string_t& value) {
  const Position position = next_token();
  if (open_.back().find(value) != nullptr) {
    throw JobError(position, fmt::format("the key '{}' is there twice", value));
  }
  names_.push_back({value, position, {}});
  return true;
}

bool NodeBuilder::parse_error(std::size_t byte, const std::string& token,
                              const nlohmann::detail::exception& error) {
  const std::size_t offset = std::min(byte == 0 ? 0 : byte - 1, text_.size());
  const bool out_of_range = dynamic_cast<const nlohmann::detail::out_of_range*>(&error) != nullptr;
  throw JobError(position_at(text_, offset, start_),
                 out_of_range ? too_large_message(token)
                 : offset >= text_.size()
                     ? std::string("the JSON ends too early")
                     : fmt::format("not valid JSON here, near '{}'",
                                   token.size() > 20 ? token.substr(token.size() - 20) : token));
}

}  // namespace

bool is_exact_number(std::string_view number) {
  if (number.find_first_of(".eE") != std::string_view::npos) return true;
  const char* const end = number.data() + number.size();
  std::int64_t signed_value = 0;
  std::uint64_t unsigned_value = 0;
  return std::from_chars(number.data(), end, signed_value).ec == std::errc() ||
         std::from_chars(number.data(), end, unsigned_value).ec == std::errc();
}

std::string too_large_message(std::string_view number) {
  return fmt::format("the number {} is too large", number);
}

Node parse_json_node(std::string_view text, const Position& start) {
  NodeBuilder builder(text, start);
  Value::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace procfarm::cli
