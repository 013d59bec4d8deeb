// SPDX-License-Identifier: MIT
// source_glob.cpp - walks the directories that a pattern can reach, one at a time and each once,
// whatever number of ** there is: with a directory goes the set of pattern parts that its entries
// may match. What stands before the first wildcard is taken literally, through symbolic links too;
// behind it no link to a directory is followed.
#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "diagnostic.hpp"
#include "source.hpp"
#include "source_window.hpp"

namespace procfarm::cli {
namespace {

namespace fs = std::filesystem;

bool has_wildcard(std::string_view part) { return part.find_first_of("*?[\\") != part.npos; }

struct Pattern {
  std::string prefix{};              // as written, with its slash; may be empty
  std::vector<std::string> parts{};  // from the first wildcard on
  bool directories_only = false;
};

Pattern parse_pattern(const std::string& text) {
  if (text.empty()) throw std::invalid_argument("a glob pattern cannot be empty");
  if (text.find('\0') != text.npos) throw std::invalid_argument("a glob pattern contains NUL");
  Pattern pattern;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const bool last = text.find_first_not_of('/', end) == text.npos;
    if (pattern.parts.empty() && !has_wildcard(part) && !last) {
      pattern.prefix += text.substr(begin, end - begin + 1);
    } else if (part == ".." && !pattern.parts.empty()) {
      throw std::invalid_argument("'..' cannot follow a wildcard in a glob pattern");
    } else if (!part.empty() && part != "." &&
               !(part == "**" && !pattern.parts.empty() && pattern.parts.back() == "**")) {
      pattern.parts.push_back(part);
    }
    begin = end + 1;
  }
  if (pattern.parts.empty()) throw std::invalid_argument("the glob pattern names no file: " + text);
  pattern.directories_only = text.back() == '/';
  if (pattern.parts.back() == "**") pattern.parts.emplace_back("*");
  return pattern;
}

struct Entry {
  std::string name{};
  bool directory = false;
};

/// A directory whose entries are being looked at.
struct Visit {
  std::string path{};                // as it appears in rows, with a slash at its end or empty
  std::vector<std::size_t> parts{};  // that an entry may match
  std::vector<Entry> entries{};
  std::size_t next = 0;
};

class Glob : public Source {
 public:
  Glob(const std::string& pattern, std::string base, std::string as)
      : text_(pattern),
        pattern_(parse_pattern(pattern)),
        base_(std::move(base)),
        as_(std::move(as)) {}

  std::optional<Row> next() override {
    if (!begun_) begin();
    while (!visits_.empty()) {
      if (!errors_.empty()) return bad_row();
      Visit& visit = visits_.back();
      if (visit.next == visit.entries.size()) {
        visits_.pop_back();
        continue;
      }
      const Entry entry = std::move(visit.entries[visit.next++]);
      const std::string path = visit.path + entry.name;
      if (look_at(visit, entry, path)) return row_of(path);
    }
    if (errors_.empty()) return std::nullopt;
    return bad_row();
  }

  std::optional<std::vector<std::string>> names() const override { return {{as_}}; }
  std::string describe() const override { return "files matching " + text_; }

 private:
  fs::path on_disk(const std::string& path) const {
    return fs::path(base_) / (path.empty() ? "." : path);
  }

  void begin() {
    begun_ = true;
    std::error_code error;
    const fs::path start = on_disk(pattern_.prefix);
    if (!fs::is_directory(start, error)) {
      throw JobError({.file = start.string()},
                     "no such directory, which the glob pattern begins with");
    }
    enter(pattern_.prefix, {0});
  }

  /// True if the entry itself is a match; if it is a directory, its own entries are next.
  bool look_at(const Visit& visit, const Entry& entry, const std::string& path) {
    std::vector<std::size_t> below;
    bool matched = false;
    for (const std::size_t part : visit.parts) {
      if (pattern_.parts[part] == "**") {
        if (entry.name.front() != '.') below.push_back(part);
        continue;
      }
      if (::fnmatch(pattern_.parts[part].c_str(), entry.name.c_str(), FNM_PERIOD) != 0) continue;
      if (part + 1 == pattern_.parts.size()) {
        matched = true;
      } else {
        below.push_back(part + 1);
      }
    }
    if (entry.directory && !below.empty()) enter(path + "/", std::move(below));
    return matched && (entry.directory || !pattern_.directories_only);
  }

  void enter(const std::string& path, std::vector<std::size_t> parts) {
    // A ** may also stand for no directory at all: then the next part matches here.
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (pattern_.parts[parts[i]] == "**") parts.push_back(parts[i] + 1);
    }
    std::sort(parts.begin(), parts.end());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    Visit visit{.path = path, .parts = std::move(parts)};
    visit.entries = list(path);
    visits_.push_back(std::move(visit));
  }

  std::vector<Entry> list(const std::string& path) {
    std::vector<Entry> entries;
    std::error_code error;
    const fs::path directory = on_disk(path);
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code vanished;
      entries.push_back(
          {.name = entry->path().filename().string(),
           .directory = entry->symlink_status(vanished).type() == fs::file_type::directory});
    }
    const bool gone = error == std::errc::no_such_file_or_directory;
    if (error && !gone) {
      errors_.push_back(fmt::format("cannot read directory {}: {}",
                                    escape_control(directory.string()), error.message()));
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& left, const Entry& right) { return left.name < right.name; });
    return entries;
  }

  Row row_of(const std::string& path) {
    Row row{.line = ++number_};
    row.fields.emplace_back(as_, path);
    return row;
  }

  Row bad_row() {
    Row row{.line = ++number_, .error = std::move(errors_.front())};
    errors_.erase(errors_.begin());
    return row;
  }

  std::string text_;
  Pattern pattern_;
  std::string base_;
  std::string as_;
  bool begun_ = false;
  std::vector<Visit> visits_{};
  std::vector<std::string> errors_{};
  std::uint64_t number_ = 0;
};

}  // namespace

std::unique_ptr<Source> glob_source(const std::string& pattern, const std::string& base,
                                    const SourceOptions& options) {
  const std::string as = options.as.empty() ? "path" : options.as;
  return in_window(std::make_unique<Glob>(pattern, base, as), options);
}

}  // namespace procfarm::cli
