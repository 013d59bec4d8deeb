// SPDX-License-Identifier: MIT
// source_files.cpp - rows from plain lines and from JSON Lines.
#include <algorithm>
#include <string_view>
#include <utility>

#include "instance_scope.hpp"
#include "json_node.hpp"
#include "line_reader.hpp"
#include "source.hpp"
#include "source_window.hpp"

namespace procfarm::cli {
namespace {

class Lines : public Source {
 public:
  Lines(const std::string& path, const SourceOptions& options)
      : reader_(path), as_(options.as.empty() ? "line" : options.as), strip_cr_(options.strip_cr) {}

  std::optional<Row> next() override {
    std::optional<std::string> line = reader_.next();
    if (!line) return std::nullopt;
    Row row{.line = reader_.line()};
    if (line->find('\0') != std::string::npos) {
      row.error = reader_.located(row.line, "the line contains a NUL byte");
      return row;
    }
    if (strip_cr_ && line->ends_with('\r')) line->pop_back();
    row.fields.emplace_back(as_, *std::move(line));
    return row;
  }

  std::optional<std::vector<std::string>> names() const override { return {{as_}}; }
  std::string describe() const override { return "lines of " + reader_.name(); }

 private:
  LineReader reader_;
  std::string as_;
  bool strip_cr_;
};

/// The parser itself needs no stack for nesting, but what works on the values later does.
bool is_nested_too_deeply(std::string_view json) {
  constexpr int most = 200;
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char character = json[i];
    if (in_string && character == '\\') ++i;
    if (character == '"') in_string = !in_string;
    if (in_string) continue;
    if (character == '[' || character == '{') ++depth;
    if (character == ']' || character == '}') --depth;
    if (depth > most) return true;
  }
  return false;
}

/// The first integer in a valid text that only fits into a floating point number, with other
/// digits; empty if there is none.
std::string_view too_large_integer(std::string_view json) {
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char character = json[i];
    if (in_string && character == '\\') ++i;
    if (character == '"') in_string = !in_string;
    if (in_string || (character != '-' && (character < '0' || character > '9'))) continue;
    const std::string_view rest = json.substr(i);
    const std::string_view number = rest.substr(0, rest.find_first_not_of("-+.eE0123456789"));
    if (!is_exact_number(number)) return number;
    i += number.size() - 1;
  }
  return {};
}

/// What the parser says, without its own prefix and place: `syntax error while parsing value -
/// ...`.
std::string plain_message(std::string_view what) {
  constexpr std::size_t most = 200;
  const std::size_t prefix = what.find("] ");
  if (prefix != what.npos) what.remove_prefix(prefix + 2);
  const std::size_t place = what.find("column ");
  const std::size_t colon = place == what.npos ? what.npos : what.find(": ", place);
  if (colon != what.npos) what.remove_prefix(colon + 2);
  return escape_control(what.substr(0, most));
}

class JsonLines : public Source {
 public:
  JsonLines(const std::string& path, const SourceOptions& options)
      : reader_(path), as_(options.as.empty() ? "value" : options.as) {}

  std::optional<Row> next() override {
    while (std::optional<std::string> line = reader_.next()) {
      if (reader_.line() == 1) remove_byte_order_mark(*line);
      if (line->find_first_not_of(" \t\r") != std::string::npos) return row_of(*line);
    }
    return std::nullopt;
  }

  std::optional<std::vector<std::string>> names() const override { return std::nullopt; }
  std::string describe() const override { return "JSON Lines of " + reader_.name(); }

 private:
  Row row_of(const std::string& line) const {
    if (is_nested_too_deeply(line)) return bad_row("JSON nested more than 200 deep");
    try {  // the parser tells what is wrong with a line by an exception only
      Row row = row_of_value(Value::parse(line), as_, reader_.line());
      for (const auto& [name, value] : row.fields) {
        if (is_always_there(name)) return bad_row(reserved_name_message(name));
      }
      const std::string_view number = too_large_integer(line);
      if (!number.empty()) return bad_row(too_large_message(number));
      return row;
    } catch (const Value::parse_error& error) {
      const std::string column = std::to_string(std::max<std::size_t>(error.byte, 1));
      return bad_row("column " + column + ": " + plain_message(error.what()));
    } catch (const Value::exception& error) {
      return bad_row(plain_message(error.what()));
    }
  }

  Row bad_row(const std::string& problem) const {
    return {.line = reader_.line(), .error = reader_.located(reader_.line(), problem)};
  }

  LineReader reader_;
  std::string as_;
};

}  // namespace

std::unique_ptr<Source> lines_source(const std::string& path, const SourceOptions& options) {
  return in_window(std::make_unique<Lines>(path, options), options);
}

std::unique_ptr<Source> jsonl_source(const std::string& path, const SourceOptions& options) {
  return in_window(std::make_unique<JsonLines>(path, options), options);
}

}  // namespace procfarm::cli
