// SPDX-License-Identifier: MIT
// show_output.cpp - streams, tables and words of the reading subcommands.
#include "show_output.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <SQLiteCpp/Exception.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <procfarm/codec/reader.hpp>
#include <system_error>

#include "diagnostic.hpp"
#include "msgpack_json.hpp"
#include "utf8.hpp"

namespace procfarm::cli {
namespace {

constexpr int usage_error = 2;
constexpr int write_error = 4;
constexpr int nobody_reads = 141;

void complain(std::FILE* err, std::string_view text) {
  const std::string line = fmt::format("procfarm: {}\n", text);
  std::fwrite(line.data(), 1, line.size(), err);
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    text.remove_prefix(first_character(text).size);
    ++width;
  }
  return width;
}

std::string signal_name(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", name);
}

std::string reason_for(const SQLite::Exception& error) {
  if (error.getErrorCode() == SQLITE_BUSY) {
    return "it is locked by the process that writes it (on a network file system it can be read"
           " only when the run has ended)";
  }
  return error.what();
}

}  // namespace

void ShowOutput::put(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail();
}

void ShowOutput::flush() {
  if (std::fflush(file_) != 0) fail();
}

void ShowOutput::fail() const {
  throw std::system_error(errno, std::generic_category(), "cannot write " + name_);
}

int show_guarded(const ShowOptions& options, const std::function<int(ShowOutput&)>& show) {
  ShowOutput out(options.out);
  try {
    const int exit_code = show(out);
    out.flush();
    return exit_code;
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::broken_pipe) return nobody_reads;
    complain(options.err, error.what());
    return write_error;
  } catch (const RunError& error) {
    complain(options.err, error.what());
    return usage_error;
  }
}

int show_run(const ShowOptions& options, const std::function<int(RunReader&, ShowOutput&)>& show) {
  return show_guarded(options, [&options, &show](ShowOutput& out) {
    const RunDirectory directory = find_run(options.base, options.run);
    try {
      RunReader reader(directory);
      return show(reader, out);
    } catch (const SQLite::Exception& error) {
      throw RunError(fmt::format("cannot read the run database {}: {}",
                                 directory.database().string(), reason_for(error)));
    }
  });
}

TextTable::TextTable(std::vector<std::string> head, std::size_t left_columns)
    : left_columns_(left_columns) {
  rows_.push_back(std::move(head));
}

void TextTable::add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

std::string TextTable::text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      if (i != 0) line += "  ";
      line += i < left_columns_ ? row[i] + padding : padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + "\"";
}

Value decoded_result(std::string_view msgpack, const std::string& instance) {
  try {
    return json_of_msgpack(msgpack);
  } catch (const CodecError& error) {
    throw RunError(fmt::format("the result of {} cannot be read: {}", instance, error.what()));
  }
}

std::string how_it_ended(const AttemptFinished& attempt) {
  std::string text;
  const bool message_is_enough = attempt.cause == "exception" || attempt.cause == "outputs";
  if (attempt.cause == "exit" && attempt.exit_code) {
    text = fmt::format("exit code {}", *attempt.exit_code);
  } else if (attempt.signal && (attempt.cause == "signal" || attempt.cause == "worker-lost")) {
    text = fmt::format("killed by {}", signal_name(*attempt.signal));
  } else if (!message_is_enough && !attempt.cause.empty()) {
    text = attempt.cause;
  } else if (attempt.error_type.empty() && attempt.error_message.empty()) {
    text = outcome_name(attempt.outcome);
  }
  for (const std::string* more : {&attempt.error_type, &attempt.error_message}) {
    if (!more->empty()) text += (text.empty() ? "" : ": ") + *more;
  }
  return escape_control(text);
}

std::string printable_lines(std::string_view text, std::string_view indent) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    lines += indent;
    for (std::size_t tab = line.find('\t'); tab != std::string_view::npos; tab = line.find('\t')) {
      lines += escape_control(line.substr(0, tab)) + "\t";
      line.remove_prefix(tab + 1);
    }
    lines += escape_control(line) + "\n";
  }
  return lines;
}

std::string local_time(TimePoint time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(seconds));
}

std::string utc_time(TimePoint time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds),
                     to_microseconds(time) - std::int64_t{seconds} * 1'000'000);
}

}  // namespace procfarm::cli
