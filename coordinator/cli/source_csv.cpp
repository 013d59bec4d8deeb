// SPDX-License-Identifier: MIT
// source_csv.cpp - records of RFC 4180: fields in quotes may hold separators, line feeds and
// doubled quotes. A quote inside a field that does not begin with one is an ordinary character.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "instance_scope.hpp"
#include "line_reader.hpp"
#include "source.hpp"
#include "source_window.hpp"

namespace procfarm::cli {
namespace {

struct Record {
  std::vector<std::string> fields{};
  std::uint64_t line = 0;
  std::string problem{};
};

/// Takes a record apart, line by line.
class RecordParser {
 public:
  explicit RecordParser(char separator) : separator_(separator) {}

  /// True if the record goes on in the next line.
  bool feed(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool ends_line = line[i] == '\r' && i + 1 == line.size() && state_ != State::quoted;
      if (!ends_line) take(line[i]);
    }
    if (state_ == State::quoted) {
      field_ += '\n';
    } else {
      end_field();
    }
    return state_ == State::quoted;
  }

  Record& record() { return record_; }

 private:
  enum class State { field_start, plain, quoted, after_quote };

  void take(char character) {
    if (character == '\0') record_.problem = "the row contains a NUL byte";
    if (state_ == State::quoted) {
      if (character == '"') {
        state_ = State::after_quote;
      } else {
        field_ += character;
      }
    } else if (character == separator_) {
      end_field();
    } else if (character == '"' && state_ != State::plain) {
      if (state_ == State::after_quote) field_ += '"';
      state_ = State::quoted;
    } else {
      if (state_ == State::after_quote) record_.problem = "there is text after a closing quote";
      field_ += character;
      state_ = State::plain;
    }
  }

  void end_field() {
    record_.fields.push_back(std::exchange(field_, {}));
    state_ = State::field_start;
  }

  char separator_;
  State state_ = State::field_start;
  std::string field_{};
  Record record_{};
};

class Table : public Source {
 public:
  Table(const std::string& path, char separator) : reader_(path), separator_(separator) {
    const std::optional<Record> header = next_record();
    if (!header) fail(1, "is empty: the first line must name the columns");
    if (!header->problem.empty()) fail(header->line, header->problem);
    for (const std::string& name : header->fields) add_column(name, header->line);
  }

  std::optional<Row> next() override {
    std::optional<Record> record = next_record();
    if (!record) return std::nullopt;
    Row row{.line = record->line};
    if (record->problem.empty() && record->fields.size() != columns_.size()) {
      record->problem = fmt::format("{} fields expected, but there are {}", columns_.size(),
                                    record->fields.size());
    }
    if (!record->problem.empty()) {
      row.error = reader_.located(record->line, record->problem);
      return row;
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      row.fields.emplace_back(columns_[i], std::move(record->fields[i]));
    }
    return row;
  }

  std::optional<std::vector<std::string>> names() const override { return columns_; }
  std::string describe() const override { return "rows of " + reader_.name(); }

 private:
  [[noreturn]] void fail(std::uint64_t line, const std::string& message) const {
    throw JobError({.file = reader_.name(), .line = static_cast<int>(line)}, message);
  }

  void add_column(std::string_view name, std::uint64_t line) {
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name.empty()) fail(line, fmt::format("column {} has no name", columns_.size() + 1));
    if (is_always_there(name)) fail(line, reserved_name_message(name));
    if (std::find(columns_.begin(), columns_.end(), name) != columns_.end()) {
      fail(line, fmt::format("two columns are named '{}'", name));
    }
    columns_.emplace_back(name);
  }

  /// Nothing at the end of the file. Empty lines are no records.
  std::optional<Record> next_record() {
    std::optional<std::string> line = reader_.next();
    if (line && reader_.line() == 1) remove_byte_order_mark(*line);
    while (line && (line->empty() || *line == "\r")) line = reader_.next();
    if (!line) return std::nullopt;
    RecordParser parser(separator_);
    parser.record().line = reader_.line();
    std::size_t size = line->size();
    while (parser.feed(*line)) {
      line = reader_.next();
      if (!line) {
        parser.record().problem = "a quoted field is not closed";
        break;
      }
      size += line->size() + 1;
      if (size > most_bytes_of_row) fail(parser.record().line, "a row is larger than 256 MiB");
    }
    return std::move(parser.record());
  }

  LineReader reader_;
  char separator_;
  std::vector<std::string> columns_{};
};

}  // namespace

std::unique_ptr<Source> csv_source(const std::string& path, const SourceOptions& options) {
  return in_window(std::make_unique<Table>(path, ','), options);
}

std::unique_ptr<Source> tsv_source(const std::string& path, const SourceOptions& options) {
  return in_window(std::make_unique<Table>(path, '\t'), options);
}

}  // namespace procfarm::cli
