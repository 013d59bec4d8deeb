// SPDX-License-Identifier: MIT
// source_window.cpp - skip and limit around any source.
#include "source_window.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace procfarm::cli {
namespace {

class Window : public Source {
 public:
  Window(std::unique_ptr<Source> source, std::uint64_t skip, std::optional<std::uint64_t> limit)
      : source_(std::move(source)),
        skip_(skip),
        limit_(limit.value_or(std::numeric_limits<std::uint64_t>::max())),
        left_(limit_) {}

  std::optional<Row> next() override {
    if (left_ == 0) return std::nullopt;
    if (!skipped_) source_->discard(skip_);
    skipped_ = true;
    --left_;
    return source_->next();
  }

  std::optional<std::uint64_t> count_hint() const override {
    const std::optional<std::uint64_t> all = source_->count_hint();
    if (!all) return std::nullopt;
    return std::min(limit_, *all - std::min(*all, skip_));
  }

  std::optional<std::vector<std::string>> names() const override { return source_->names(); }
  std::string describe() const override { return source_->describe(); }

 private:
  std::unique_ptr<Source> source_;
  std::uint64_t skip_;
  std::uint64_t limit_;
  std::uint64_t left_;
  bool skipped_ = false;
};

}  // namespace

void Source::discard(std::uint64_t rows) {
  while (rows > 0 && next()) --rows;
}

std::unique_ptr<Source> in_window(std::unique_ptr<Source> source, const SourceOptions& options) {
  if (options.skip == 0 && !options.limit) return source;
  return std::make_unique<Window>(std::move(source), options.skip, options.limit);
}

Row row_of_value(Value value, const std::string& as, std::uint64_t line) {
  Row row{.line = line};
  if (!value.is_object()) {
    row.fields.emplace_back(as, std::move(value));
    return row;
  }
  for (auto& [name, member] : value.items()) row.fields.emplace_back(name, std::move(member));
  return row;
}

}  // namespace procfarm::cli
