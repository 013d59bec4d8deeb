// SPDX-License-Identifier: MIT
// instance_stream.cpp - opens the data of a task and numbers its rows.
#include <sys/stat.h>

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "instance.hpp"
#include "utf8.hpp"

namespace procfarm::cli {
namespace {

std::unique_ptr<Source> open_foreach(const Job& job, const Foreach& data) {
  const SourceOptions options{data.variable(), data.skip, data.limit, data.strip_cr};
  const std::string path = data.path == "-" ? data.path : job.absolute(data.path);
  switch (data.kind) {
    case ForeachKind::lines: return lines_source(path, options);
    case ForeachKind::csv: return csv_source(path, options);
    case ForeachKind::tsv: return tsv_source(path, options);
    case ForeachKind::jsonl: return jsonl_source(path, options);
    case ForeachKind::glob: return glob_source(data.path, job.directory, options);
    case ForeachKind::range: return range_source(data.first, data.last, data.step, options);
    case ForeachKind::values: return values_source(data.values, options);
  }
  return nullptr;
}

bool has_file(const Foreach& data) { return data.is_text() || data.kind == ForeachKind::jsonl; }

std::string shortened(std::string_view text) {
  constexpr int most_characters = 60;
  std::size_t end = 0;
  for (int count = 0; end < text.size() && count < most_characters; ++count) {
    end += first_character(text.substr(end)).size;
  }
  return std::string(text.substr(0, end)) + (end < text.size() ? "..." : "");
}

std::string label_of(const Row& row) {
  std::string label;
  for (const auto& [name, value] : row.fields) {
    if (row.fields.size() == 1) return escape_control(shortened(text_of(value)));
    label += (label.empty() ? "" : " ") + name + "=" + text_of(value);
  }
  return escape_control(shortened(label));
}

}  // namespace

std::string instance_name(const TaskSpec& task, std::uint64_t index) {
  return task.is_repeated() ? task.name + '[' + std::to_string(index) + ']' : task.name;
}

std::unique_ptr<Source> open_source(const Job& job, const TaskSpec& task) {
  if (task.matrix) return values_source(task.matrix->combinations);
  if (!task.data) return nullptr;
  try {  // the source knows its file, but not the place in the job file that names it
    return open_foreach(job, *task.data);
  } catch (const std::exception& error) {
    throw JobError(task.data->position, fmt::format("'foreach': {}", error.what()));
  }
}

bool is_read_once(const Job& job, const TaskSpec& task) {
  if (!task.data || !has_file(*task.data)) return false;
  if (task.data->path == "-") return true;
  struct stat status {};
  const std::string path = job.absolute(task.data->path);
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

std::optional<std::vector<std::string>> own_names(const Job& job, const TaskSpec& task) {
  if (task.matrix) return task.matrix->names;
  if (!task.data) return std::vector<std::string>{};
  switch (task.data->kind) {
    case ForeachKind::lines:
    case ForeachKind::glob:
    case ForeachKind::range: return std::vector<std::string>{task.data->variable()};
    case ForeachKind::jsonl: return std::nullopt;
    case ForeachKind::csv:
    case ForeachKind::tsv:
      if (is_read_once(job, task)) return std::nullopt;
      break;
    case ForeachKind::values: break;
  }
  return open_source(job, task)->names();
}

bool uses_count(const TaskSpec& task) {
  bool used = false;
  for_each_template(task, [&used](const Template& text, std::string_view) {
    for (const Reference& reference : text.references()) used |= reference.name == "count";
  });
  return used;
}

InstanceStream::InstanceStream(const Job& job, const TaskSpec& task)
    : job_(job), task_(task), source_(open_source(job, task)) {
  must_count_ = source_ != nullptr && !is_read_once(job, task) && uses_count(task);
}

std::optional<Instance> InstanceStream::next() {
  Instance instance;
  instance.index = next_index_;
  if (source_ == nullptr) {
    if (next_index_++ > 0) return std::nullopt;
    return instance;
  }
  std::optional<Row> row = source_->next();
  if (!row) return std::nullopt;
  ++next_index_;
  instance.row = *std::move(row);
  instance.label = label_of(instance.row);
  return instance;
}

std::uint64_t InstanceStream::discard(std::uint64_t count) {
  const std::uint64_t only = next_index_ == 0 ? 1 : 0;
  const std::uint64_t passed = source_ == nullptr ? std::min(count, only) : source_->discard(count);
  next_index_ += passed;
  return passed;
}

std::optional<std::uint64_t> InstanceStream::count() {
  if (source_ == nullptr) return 1;
  if (!count_) count_ = source_->count_hint();
  if (!count_ && must_count_) {
    const std::unique_ptr<Source> again = open_source(job_, task_);
    std::uint64_t rows = 0;
    while (again->next()) ++rows;
    count_ = rows;
  }
  return count_;
}

}  // namespace procfarm::cli
