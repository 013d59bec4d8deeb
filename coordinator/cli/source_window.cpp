// SPDX-License-Identifier: MIT
// source_window.cpp - skip and limit around any source.
#include "source_window.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace procfarm::cli {
namespace {

constexpr std::uint64_t most_discarded_at_once = 4096;

class Window : public Source {
 public:
  Window(std::unique_ptr<Source> source, std::uint64_t skip, std::optional<std::uint64_t> limit)
      : source_(std::move(source)),
        skip_(skip),
        limit_(limit.value_or(std::numeric_limits<std::uint64_t>::max())),
        left_(limit_) {}

  std::optional<Row> next() override {
    if (left_ == 0) return std::nullopt;
    begin();
    --left_;
    return source_->next();
  }

  std::uint64_t discard(std::uint64_t rows) override {
    if (left_ == 0) return 0;
    begin();
    const std::uint64_t passed = source_->discard(std::min(rows, left_));
    left_ -= passed;
    return passed;
  }

  std::optional<std::uint64_t> count_hint() const override {
    const std::optional<std::uint64_t> all = source_->count_hint();
    if (!all) return std::nullopt;
    return std::min(limit_, *all - std::min(*all, skip_));
  }

  std::optional<std::vector<std::string>> names() const override { return source_->names(); }
  std::string describe() const override { return source_->describe(); }

 private:
  void begin() {
    std::uint64_t rows = std::exchange(skipped_, true) ? 0 : skip_;
    while (rows > 0) {
      const std::uint64_t passed = source_->discard(rows);
      rows = passed > 0 ? rows - passed : 0;
    }
  }

  std::unique_ptr<Source> source_;
  std::uint64_t skip_;
  std::uint64_t limit_;
  std::uint64_t left_;
  bool skipped_ = false;
};

}  // namespace

std::uint64_t Source::discard(std::uint64_t rows) {
  const std::uint64_t most = std::min(rows, most_discarded_at_once);
  std::uint64_t passed = 0;
  while (passed < most && next()) ++passed;
  return passed;
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
