// SPDX-License-Identifier: MIT
// map_numbers_test.cpp - maps over numbers, which travel at their full width: each value comes back
// as it is, whatever becomes of the chunk that it is in.
#include <unistd.h>

#include <array>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <deque>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/errors.hpp>

#include "farm.hpp"
#include "maps.hpp"

using namespace farm;

namespace {

/// So long that a chunk ends before its last item.
template <class T>
T after_a_while(T value) {
  ::usleep(1000);
  return value;
}

template <class T>
bool same_bits(T left, T right) {
  using Bytes = std::array<char, sizeof(T)>;
  return std::bit_cast<Bytes>(left) == std::bit_cast<Bytes>(right);
}

/// `count` values; the given ones again and again, so that no neighbours are alike.
template <class T>
std::vector<T> repeated(const std::vector<T>& some, std::size_t count) {
  std::vector<T> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(some[i % some.size()]);
  return values;
}

template <class T, class Inputs>
void come_back_from_divided_chunks(ProcessPoolExecutor& pool, const Inputs& inputs) {
  const std::vector<T> values = all_of(pool.map<after_a_while<T>>(together, inputs));
  REQUIRE(values.size() == inputs.size());
  std::size_t at = 0;
  for (const T input : inputs) {
    CAPTURE(at);
    CHECK(same_bits<T>(values[at++], input));
  }
}

template <class T>
std::vector<T> extremes() {
  using Limits = std::numeric_limits<T>;
  return repeated<T>({Limits::min(), T(-1), Limits::max(), T(0), T(1), T(100)}, 40);
}

double mixed(std::int8_t a, double b, bool c) { return c ? a + b : a - b; }
std::uint64_t sum(std::uint64_t a, std::uint64_t b, std::uint64_t c) { return a + b + c; }
int die_at_five(int value) {
  if (value == 5) ::kill(::getpid(), SIGKILL);
  return value;
}
int throw_at_five(int value) {
  if (value == 5) throw std::out_of_range("five");
  return value;
}

/// 0, 1, 2, ...; reading the item `torn` throws.
class Torn {
 public:
  explicit Torn(int torn) : torn_(torn) {}
  class iterator {
   public:
    explicit iterator(int torn) : torn_(torn) {}
    int operator*() const {
      if (value_ == torn_) throw std::runtime_error("the input is torn");
      return value_;
    }
    iterator& operator++() {
      ++value_;
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return false; }

   private:
    int torn_;
    int value_ = 0;
  };
  iterator begin() const { return iterator(torn_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  int torn_;
};

}  // namespace

TEST_CASE("numbers of every kind come back from chunks that end early") {
  ProcessPoolExecutor pool(2);
  come_back_from_divided_chunks<std::int8_t>(pool, extremes<std::int8_t>());
  come_back_from_divided_chunks<std::uint16_t>(pool, extremes<std::uint16_t>());
  come_back_from_divided_chunks<int>(pool, extremes<int>());
  come_back_from_divided_chunks<std::int64_t>(pool, extremes<std::int64_t>());
  come_back_from_divided_chunks<std::uint64_t>(pool, extremes<std::uint64_t>());
  come_back_from_divided_chunks<char>(pool, extremes<char>());
  come_back_from_divided_chunks<bool>(pool, repeated<bool>({true, false, false}, 40));
  come_back_from_divided_chunks<bool>(pool, std::array<bool, 9>{true, false, true, true});
  const double infinity = std::numeric_limits<double>::infinity();
  come_back_from_divided_chunks<double>(
      pool, repeated<double>({0.1, -0.0, std::nan(""), infinity, -1e308, 5e-324}, 40));
  come_back_from_divided_chunks<float>(pool, repeated<float>({0.1F, -0.0F, -3e38F, 1e-45F}, 40));
  CHECK(pool.stats().done == 9 * 40 + 9);
  CHECK(pool.stats().pending == 0);
}

TEST_CASE("numbers are converted to the types of the parameters, as for a call") {
  ProcessPoolExecutor pool(2);
  const std::vector<int> first{300, -1, 127, -129};
  const std::deque<float> second{0.5F, 1e20F, -2, 4};
  const std::array<bool, 4> third{true, false, true, true};
  std::vector<double> expected;
  for (std::size_t i = 0; i < third.size(); ++i) {
    expected.push_back(mixed(static_cast<std::int8_t>(first[i]), second[i], third[i]));
  }
  CHECK(all_of(pool.map<mixed>(first, second, third)) == expected);
  const std::vector<bool> same(third.begin(), third.end());  // its items are no numbers
  CHECK(all_of(pool.map<mixed>(together, first, second, same)) == expected);
}

TEST_CASE("more numbers than fit into one chunk") {
  ProcessPoolExecutor pool(2);
  std::vector<std::uint64_t> inputs(20'000);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = i * 0x9e37'79b9'7f4a'7c15;
  std::size_t at = 0;
  for (const std::uint64_t value :
       pool.map<sum>(MapOptions{.chunksize = 100'000}, inputs, inputs, inputs)) {
    if (value != 3 * inputs[at]) FAIL("item " << at << " is " << value);
    ++at;
  }
  CHECK(at == inputs.size());
  CHECK(pool.stats().done == inputs.size());
}

TEST_CASE("an input that throws within a chunk of numbers: told after the items before it") {
  ProcessPoolExecutor pool(2);
  for (const std::size_t chunksize : {0U, 3U, 1000U}) {
    for (const int torn : {0, 1, 5, 6}) {
      CAPTURE(chunksize);
      CAPTURE(torn);
      const auto [values, error] =
          read(pool.map<doubled>(MapOptions{.chunksize = chunksize}, Torn(torn)));
      CHECK(error == "the input is torn");
      REQUIRE(values.size() == static_cast<std::size_t>(torn));
      for (int i = 0; i < torn; ++i) CHECK(values[static_cast<std::size_t>(i)] == 2 * i);
    }
  }
}

TEST_CASE("an error among numbers comes after the values before it") {
  ProcessPoolExecutor pool(1);
  const auto [values, error] = read(pool.map<throw_at_five>(together, numbers(20)));
  CHECK(values == numbers(5));
  CHECK(error == "five");
}

TEST_CASE("a death among numbers comes after the values before it, and costs one item") {
  ProcessPoolExecutor pool(1);
  const auto [values, error] = read(pool.map<die_at_five>(together, numbers(20)));
  CHECK(values == numbers(5));
  CHECK(holds(error, "SIGKILL"));
  CHECK(pool.submit<doubled>(4).result() == 8);
  CHECK(pool.stats().failed == 1);
}
