// SPDX-License-Identifier: MIT
// source_values.cpp - rows that stand in the job file itself: a range of integers, or values.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "source.hpp"
#include "source_window.hpp"

namespace procfarm::cli {
namespace {

std::string default_name(const SourceOptions& options) {
  return options.as.empty() ? "value" : options.as;
}

/// Counts steps without a sign, where nothing overflows, also from the least to the greatest
/// number.
class Range : public Source {
 public:
  Range(std::int64_t first, std::int64_t last, std::int64_t step, std::string as)
      : text_(fmt::format("range from {} to {} by {}", first, last, step)),
        as_(std::move(as)),
        current_(unsigned_of(first)),
        step_(unsigned_of(step)) {
    if (step == 0) throw std::invalid_argument("the step of a range cannot be 0");
    at_end_ = step > 0 ? first > last : first < last;
    if (at_end_) return;
    left_ = step > 0 ? (unsigned_of(last) - current_) / step_
                     : (current_ - unsigned_of(last)) / (0 - step_);
    // All 2^64 numbers are one more than can be counted.
    if (left_ < std::numeric_limits<std::uint64_t>::max()) count_ = left_ + 1;
  }

  std::optional<Row> next() override {
    if (at_end_) return std::nullopt;
    Row row{.line = ++number_};
    row.fields.emplace_back(as_, static_cast<std::int64_t>(current_));
    advance(1);
    return row;
  }

  std::uint64_t discard(std::uint64_t rows) override {
    if (at_end_) return 0;
    const std::uint64_t passed = rows > left_ ? left_ + 1 : rows;
    number_ += passed;
    advance(passed);
    return passed;
  }

  std::optional<std::uint64_t> count_hint() const override {
    return left_ == 0 && !count_ ? 0 : count_;
  }
  std::optional<std::vector<std::string>> names() const override { return {{as_}}; }
  std::string describe() const override { return text_; }

 private:
  static std::uint64_t unsigned_of(std::int64_t number) {
    return static_cast<std::uint64_t>(number);
  }

  void advance(std::uint64_t rows) {
    at_end_ = rows > left_;
    left_ -= std::min(rows, left_);
    current_ += rows * step_;
  }

  std::string text_;
  std::string as_;
  std::uint64_t current_;
  std::uint64_t step_;
  std::uint64_t left_ = 0;  // steps after the current number
  std::optional<std::uint64_t> count_ = std::nullopt;
  std::uint64_t number_ = 0;
  bool at_end_ = false;
};

class Values : public Source {
 public:
  Values(std::vector<Value> values, std::string as)
      : values_(std::move(values)), as_(std::move(as)) {
    for (const Value& value : values_) {
      if (!value.is_object()) add_name(as_);
      if (!value.is_object()) continue;
      for (const auto& [name, member] : value.items()) add_name(name);
    }
  }

  std::optional<Row> next() override {
    if (next_ == values_.size()) return std::nullopt;
    const std::size_t index = next_++;
    return row_of_value(values_[index], as_, index + 1);
  }

  std::uint64_t discard(std::uint64_t rows) override {
    const std::uint64_t passed = std::min<std::uint64_t>(rows, values_.size() - next_);
    next_ += static_cast<std::size_t>(passed);
    return passed;
  }

  std::optional<std::uint64_t> count_hint() const override { return values_.size(); }
  std::optional<std::vector<std::string>> names() const override { return names_; }
  std::string describe() const override { return fmt::format("{} values", values_.size()); }

 private:
  void add_name(const std::string& name) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
  }

  std::vector<Value> values_;
  std::string as_;
  std::vector<std::string> names_{};
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Source> range_source(std::int64_t first, std::int64_t last, std::int64_t step,
                                     const SourceOptions& options) {
  return in_window(std::make_unique<Range>(first, last, step, default_name(options)), options);
}

std::unique_ptr<Source> values_source(std::vector<Value> values, const SourceOptions& options) {
  return in_window(std::make_unique<Values>(std::move(values), default_name(options)), options);
}

}  // namespace procfarm::cli
