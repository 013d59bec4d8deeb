// SPDX-License-Identifier: MIT
// shell_here_documents.cpp - `<<` and the lines that follow the command's own.
#include <string>
#include <string_view>
#include <utility>

#include "shell_scanner.hpp"

namespace procfarm::cli {

void ShellScanner::here_document_operator() {
  at_ += 2;
  if (look(0) == '<') {  // a here-string: an ordinary word follows
    ++at_;
    return;
  }
  HereDocument document;
  document.strip_tabs = look(0) == '-';
  if (document.strip_tabs) ++at_;
  while (look(0) == ' ' || look(0) == '\t') ++at_;
  for (; !at_end(); ++at_) {
    if (at_span()) fail(at_, "a placeholder as the delimiter of a here-document");
    const char character = line_[at_];
    if (std::string_view(" \t\n;&|<>()").find(character) != std::string_view::npos) break;
    const bool quote = character == '\'' || character == '"' || character == '\\';
    document.quoted |= quote;
    if (!quote) document.delimiter += character;
  }
  pending_.push_back(std::move(document));
}

void ShellScanner::here_documents() {
  for (const HereDocument& document : std::exchange(pending_, {})) {
    while (!at_end()) {
      std::string_view line = line_.substr(at_, line_.find('\n', at_) - at_);
      const std::size_t size = line.size();
      while (document.strip_tabs && !line.empty() && line.front() == '\t') line.remove_prefix(1);
      if (line == document.delimiter) {
        at_ += size;
        if (!at_end()) ++at_;
        break;
      }
      here_document_line(document);
    }
  }
}

void ShellScanner::here_document_line(const HereDocument& document) {
  while (!at_end()) {
    if (at_span() && document.quoted) {
      take_opaque("in a here-document whose delimiter is quoted would not be replaced",
                  "write the delimiter without quotes");
    } else if (at_span()) {
      take_span(Quoting::here_document);
    } else if (line_[at_] == '\n') {
      ++at_;
      return;
    } else if (document.quoted) {
      ++at_;
    } else if (line_[at_] == '\\') {
      backslash();
    } else if (line_[at_] == '$') {
      dollar(true);
    } else if (line_[at_] == '`') {
      backticks();
    } else {
      ++at_;
    }
  }
}

}  // namespace procfarm::cli
