// SPDX-License-Identifier: MIT
// units.cpp - integer arithmetic for whole numbers, so that large values stay exact; only the
// digits after a point go through a double.
#include "units.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>

#include "diagnostic.hpp"

namespace procfarm::cli {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t scale;
};

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::array duration_units{Unit{"d", 86'400 * nanoseconds_per_second},
                                    Unit{"h", 3'600 * nanoseconds_per_second},
                                    Unit{"m", 60 * nanoseconds_per_second},
                                    Unit{"s", nanoseconds_per_second},
                                    Unit{"ms", 1'000'000},
                                    Unit{"us", 1'000},
                                    Unit{"ns", 1}};
constexpr std::array size_units{Unit{"B", 1},
                                Unit{"kB", 1'000},
                                Unit{"MB", 1'000'000},
                                Unit{"GB", 1'000'000'000},
                                Unit{"TB", 1'000'000'000'000},
                                Unit{"KiB", std::uint64_t{1} << 10},
                                Unit{"MiB", std::uint64_t{1} << 20},
                                Unit{"GiB", std::uint64_t{1} << 30},
                                Unit{"TiB", std::uint64_t{1} << 40}};

constexpr std::string_view duration_forms =
    "a duration is written like \"1h 30m\", \"1.5s\" or \"250ms\", with the units d h m s ms us ns";
constexpr std::string_view size_forms =
    "a size is written like \"4GiB\", \"1.5 MB\" or \"100B\", with the units B kB MB GB TB KiB MiB "
    "GiB TiB";

bool is_digit(char character) { return character >= '0' && character <= '9'; }
bool is_space(char character) { return character == ' ' || character == '\t'; }

[[noreturn]] void refuse(std::string_view text, std::string_view why, std::string_view forms) {
  throw std::invalid_argument(fmt::format("\"{}\" {}: {}", escape_control(text), why, forms));
}

/// Takes numbers and units from the front of a text.
class Reader {
 public:
  Reader(std::string_view text, std::string_view forms) : text_(text), rest_(text), forms_(forms) {
    skip_space();
    if (rest_.empty()) fail("is empty");
    if (rest_.front() == '-') fail("is negative");
  }

  bool at_end() const { return rest_.empty(); }
  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }

  void number() {
    whole_ = take_digits();
    fraction_ = {};
    if (!rest_.empty() && rest_.front() == '.') {
      rest_.remove_prefix(1);
      fraction_ = take_digits();
      if (fraction_.empty()) fail("has no digit after the point");
    }
    if (whole_.empty()) fail("is not understood");
    skip_space();
  }

  /// The unit after the number, or nothing if there is none.
  const Unit* unit(std::span<const Unit> units) {
    std::size_t length = 0;
    while (length < rest_.size() && !is_digit(rest_[length]) && !is_space(rest_[length])) ++length;
    const std::string_view name = rest_.substr(0, length);
    if (name.empty()) return nullptr;
    for (const Unit& known : units) {
      if (known.name != name) continue;
      rest_.remove_prefix(length);
      skip_space();
      return &known;
    }
    fail(fmt::format("has the unknown unit '{}'", escape_control(name)));
  }

  bool is_zero() const {
    return (std::string(whole_) + std::string(fraction_)).find_first_not_of('0') ==
           std::string::npos;
  }

  /// The number last read, times `scale`, added to `sum`.
  void add_to(std::uint64_t& sum, std::uint64_t scale, std::uint64_t most) const {
    std::uint64_t amount = 0;
    bool overflow = false;
    for (const char digit : whole_) {
      overflow |= __builtin_mul_overflow(amount, std::uint64_t{10}, &amount);
      overflow |= __builtin_add_overflow(amount, static_cast<std::uint64_t>(digit - '0'), &amount);
    }
    overflow |= __builtin_mul_overflow(amount, scale, &amount);
    overflow |= __builtin_add_overflow(amount, fraction_of(scale), &amount);
    overflow |= __builtin_add_overflow(sum, amount, &sum);
    if (overflow || sum > most) fail("is too large");
  }

  [[noreturn]] void fail(std::string_view why) const { refuse(text_, why, forms_); }

 private:
  std::string_view take_digits() {
    std::size_t length = 0;
    while (length < rest_.size() && is_digit(rest_[length])) ++length;
    const std::string_view digits = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return digits;
  }

  std::uint64_t fraction_of(std::uint64_t scale) const {
    double part = 0;
    double place = static_cast<double>(scale);
    for (const char digit : fraction_) part += (digit - '0') * (place /= 10);
    return static_cast<std::uint64_t>(std::llround(part));
  }

  std::string_view text_;
  std::string_view rest_;
  std::string_view forms_;
  std::string_view whole_;
  std::string_view fraction_;
};

constexpr auto most_nanoseconds =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

Duration read_duration(std::string_view text, bool bare_is_seconds) {
  Reader reader(text, duration_forms);
  std::uint64_t sum = 0;
  std::uint64_t last_scale = std::numeric_limits<std::uint64_t>::max();
  for (bool first = true; first || !reader.at_end(); first = false) {
    reader.number();
    if (const Unit* unit = reader.unit(duration_units)) {
      if (unit->scale >= last_scale) reader.fail("does not go from large units to small ones");
      last_scale = unit->scale;
      reader.add_to(sum, unit->scale, most_nanoseconds);
    } else if (first && reader.at_end() && (bare_is_seconds || reader.is_zero())) {
      reader.add_to(sum, nanoseconds_per_second, most_nanoseconds);
    } else {
      reader.fail("has no unit");
    }
  }
  return Duration(static_cast<Duration::rep>(sum));
}

}  // namespace

Duration parse_duration(std::string_view text) { return read_duration(text, false); }

Duration parse_duration_option(std::string_view text) { return read_duration(text, true); }

std::uint64_t parse_size(std::string_view text) {
  Reader reader(text, size_forms);
  reader.number();
  const Unit* unit = reader.unit(size_units);
  if (!reader.at_end()) reader.fail("is not understood");
  if (unit == nullptr && !reader.is_zero()) reader.fail("has no unit");
  std::uint64_t bytes = 0;
  reader.add_to(bytes, unit == nullptr ? 1 : unit->scale,
                std::numeric_limits<std::uint64_t>::max());
  return bytes;
}

std::string format_duration(Duration duration) {
  const std::int64_t count = duration.count();
  if (count < 0) {
    if (duration == Duration::min()) duration += Duration(1);
    return "-" + format_duration(-duration);
  }
  if (count < 1'000) return fmt::format("{} ns", count);
  if (count < 1'000'000) return fmt::format("{} us", count / 1'000);
  if (count < 1'000'000'000) return fmt::format("{} ms", count / 1'000'000);
  const std::int64_t tenths = count / 100'000'000;
  if (tenths < 600) return fmt::format("{}.{} s", tenths / 10, tenths % 10);
  const std::int64_t seconds = tenths / 10;
  if (seconds < 3'600) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  const std::int64_t minutes = seconds / 60;
  if (minutes < 1'440) return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
  return fmt::format("{} d {:02} h", minutes / 1'440, minutes / 60 % 24);
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t name = 0;
  // 1023.95 would be rounded to 1024.0 of this unit: that is 1.0 of the next.
  while (amount >= 1023.95 && name + 1 < names.size()) {
    amount /= 1024;
    ++name;
  }
  return fmt::format("{:.1f} {}", amount, names[name]);
}

std::string format_rate(double per_second) {
  if (!std::isfinite(per_second) || per_second <= 0) return "0/s";
  constexpr double most_shown = 1e18;
  if (per_second >= 9.95) {
    const double shown = std::min(per_second, most_shown);
    return format_count(static_cast<std::uint64_t>(std::llround(shown))) + "/s";
  }
  if (per_second >= 1) return fmt::format("{:.1f}/s", per_second);
  if (per_second * 60 >= 1) return fmt::format("{:.2g}/min", per_second * 60);
  return fmt::format("{:.2g}/h", per_second * 3600);
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t place = digits.size(); place > 3; place -= 3) digits.insert(place - 3, ",");
  return digits;
}

}  // namespace procfarm::cli
