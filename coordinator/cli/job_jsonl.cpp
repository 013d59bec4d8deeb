// SPDX-License-Identifier: MIT
// job_jsonl.cpp - line by line: bytes checked, JSON parsed, keys read.
#include "job_jsonl.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "job_reader.hpp"
#include "json_node.hpp"

namespace procfarm::cli {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

bool is_jsonl_job(const std::string& path) {
  return path == "-" || ends_with(path, ".jsonl") || ends_with(path, ".ndjson");
}

JsonlJob::JsonlJob(const std::string& path) : file_(path) {
  job_.file = path;
  job_.directory = job_directory(path);
  job_.name = default_job_name(path);
}

bool JsonlJob::is_header(const Node& line) const {
  if (read_one_ || line.kind != Node::Kind::table) return false;
  const auto has = [&line](const char* key) { return line.find(key) != nullptr; };
  return (has("modules") || has("pools") || has("defaults")) && !has("command") && !has("shell") &&
         !has("function");
}

std::optional<TaskSpec> JsonlJob::next() {
  while (!ended_) {
    ended_ = true;  // until this line has proved good
    std::optional<std::string> text = file_.next_line();
    if (!text) break;
    ++line_;
    if (line_ == 1 && text->rfind(byte_order_mark, 0) == 0) text->erase(0, byte_order_mark.size());
    const Position start{job_.file, line_, 1};
    check_text(*text, start);
    if (text->find_first_not_of(" \t\r") == std::string::npos) {
      ended_ = false;
      continue;
    }
    const Node line = parse_json_node(*text, start);
    if (is_header(line)) {
      read_job_tables(line, job_);
      if (const Node* defaults = line.find("defaults")) defaults_ = *defaults;
    } else {
      TaskSpec task =
          read_task(line, defaults_ ? &*defaults_ : nullptr, "task", fmt::format("line{}", line_));
      read_one_ = true;
      ended_ = false;
      return task;
    }
    read_one_ = true;
    ended_ = false;
  }
  return std::nullopt;
}

}  // namespace procfarm::cli
