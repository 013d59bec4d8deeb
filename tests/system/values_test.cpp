// SPDX-License-Identifier: MIT
// values_test.cpp - values that travel: there and back, large and small.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "farm.hpp"

using namespace farm;

namespace {

enum class Colour { red, green = 7 };

struct Point {
  int x = 0;
  double y = 0;
  std::string name{};
  MSGPACK_DEFINE(x, y, name)
  bool operator==(const Point&) const = default;
};
struct Shape {
  Colour colour = Colour::red;
  std::vector<Point> corners{};
  std::map<std::string, Point> named{};
  MSGPACK_DEFINE_MAP(colour, corners, named)
  bool operator==(const Shape&) const = default;
};

template <class T>
T same(const T& value) {
  return value;
}

template <class T>
bool comes_back(ProcessPoolExecutor& pool, const T& value) {
  return pool.submit<same<T>>(value).result() == value;
}

std::vector<double> plus_one(std::vector<double> values) {
  for (double& value : values) value += 1;
  return values;
}
std::size_t length(std::string_view text) { return text.size(); }
std::uint64_t sum(std::span<const std::uint32_t> values) {
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}
std::string moved(std::string&& text) { return std::move(text); }
int sum_of_points(const std::vector<Point>& points) {
  int total = 0;
  for (const Point& point : points) total += point.x;
  return total;
}
std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}
std::unique_ptr<int> boxed(int value) { return std::make_unique<int>(value); }
std::string zeros(std::size_t size) { return std::string(size, '\0'); }

}  // namespace

MSGPACK_ADD_ENUM(Colour)

TEST_CASE("what the standard library has comes back equal") {
  ProcessPoolExecutor pool(1);
  CHECK(comes_back(pool, true));
  CHECK(comes_back(pool, 'c'));
  CHECK(comes_back(pool, std::numeric_limits<std::int64_t>::min()));
  CHECK(comes_back(pool, std::numeric_limits<std::uint64_t>::max()));
  CHECK(comes_back(pool, 0.1f));
  CHECK(comes_back(pool, std::numeric_limits<double>::infinity()));
  CHECK(comes_back(pool, std::string("with \0 inside", 13)));
  CHECK(comes_back(pool, std::vector<std::string>{"", "a", std::string(1000, 'b')}));
  CHECK(comes_back(pool, std::vector<bool>{true, false, true}));
  CHECK(comes_back(pool, std::map<std::string, std::vector<int>>{{"one", {1}}, {"none", {}}}));
  CHECK(comes_back(pool, std::unordered_map<int, double>{{1, 0.5}, {-2, 1e300}}));
  CHECK(comes_back(pool, std::set<int>{3, 1, 2}));
  CHECK(comes_back(pool, std::optional<int>{}));
  CHECK(comes_back(pool, std::optional<std::string>{"there"}));
  CHECK(comes_back(pool, std::variant<int, std::string>{"second"}));
  CHECK(comes_back(pool, std::variant<int, std::string>{2}));
  CHECK(comes_back(pool, std::pair<int, std::string>{1, "one"}));
  CHECK(comes_back(pool, std::tuple<int, double, std::string>{1, 2.5, "three"}));
  CHECK(comes_back(pool, std::array<int, 3>{1, 2, 3}));
  CHECK(comes_back(pool, std::chrono::nanoseconds(-5)));
  CHECK(comes_back(pool, std::chrono::system_clock::now()));
  CHECK(comes_back(pool, std::filesystem::path("/tmp/ä b")));
  CHECK(comes_back(pool, std::complex<double>(1, -1)));
}

TEST_CASE("own types come back equal") {
  ProcessPoolExecutor pool(1);
  CHECK(comes_back(pool, Colour::green));
  CHECK(comes_back(pool, Point{1, 0.5, "p"}));
  CHECK(comes_back(pool, Shape{Colour::green, {{1, 2, "a"}, {3, 4, "b"}}, {{"c", {5, 6, "c"}}}}));
  CHECK(pool.submit<sum_of_points>(std::vector<Point>{{1, 0, ""}, {2, 0, ""}}).result() == 3);
}

TEST_CASE("a result may be movable only") {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit<boxed>(5);
  CHECK(*future.result() == 5);
  CHECK(*future.result() == 5);
}

TEST_CASE("64 MiB travel both ways") {
  ProcessPoolExecutor pool(1);
  std::vector<double> values(8 << 20);
  std::iota(values.begin(), values.end(), 0.0);
  auto future = pool.submit<plus_one>(values);
  for (double& value : values) value += 1;
  CHECK(future.result() == values);
  CHECK(future.result() == values);  // again and again
}

TEST_CASE("results of every size around the limits of the buffers") {
  ProcessPoolExecutor pool(2);
  std::vector<std::pair<std::size_t, Future<std::string>>> futures;
  for (std::size_t size = 1; size <= (1U << 24); size *= 4) {
    for (const std::size_t each : {size - 1, size, size + 1}) {
      futures.emplace_back(each, pool.submit<zeros>(each));
    }
  }
  for (const auto& each : futures) {
    const std::size_t size = each.first;
    CAPTURE(size);
    CHECK(each.second.result().size() == size);
  }
}

TEST_CASE("many middle-sized results at once, read late") {
  ProcessPoolExecutor pool(2);
  std::vector<Future<std::string>> futures;
  for (int i = 0; i < 300; ++i) futures.push_back(pool.submit<zeros>(200'000));
  pool.shutdown();
  for (const auto& future : futures) CHECK(future.result().size() == 200'000);
}

TEST_CASE("views are valid during the call") {
  ProcessPoolExecutor pool(1);
  CHECK(pool.submit<length>(std::string(1000, 'x')).result() == 1000);
  CHECK(pool.submit<length>("literal").result() == 7);
  const std::vector<std::uint32_t> values{1, 2, 4'000'000'000U};
  CHECK(pool.submit<sum>(values).result() == 4'000'000'003U);
  CHECK(pool.submit<sum>(std::span<const std::uint32_t>(values).first(2)).result() == 3);
  CHECK(pool.submit<moved>(std::string("moved")).result() == "moved");
  const std::array<bool, 3> flags{true, false, true};
  const auto count = [](std::span<const bool> bits) {
    return std::count(bits.begin(), bits.end(), true);
  };
  CHECK(pool.submit(count, flags).result() == 2);
}

TEST_CASE("arguments of finished tasks and results of dropped futures are not kept") {
  ProcessPoolExecutor pool(1);
  const std::string large(32 << 20, 'x');
  std::vector<Future<std::size_t>> kept;
  const auto pass_on = [&] {
    kept.push_back(pool.submit<length>(large));
    kept.back().result();
    pool.submit<moved>(large).result();
  };
  pass_on();
  const std::size_t before = resident_bytes();
  for (int i = 0; i < 10; ++i) pass_on();
  CHECK(resident_bytes() < before + 3 * large.size());
}

TEST_CASE("a map keeps no result that was delivered") {
  ProcessPoolExecutor pool(1);
  const std::vector<std::size_t> sizes(24, 16 << 20);
  std::size_t most = 0;
  std::size_t before = 0;
  for (const std::string& text : pool.map<zeros>(MapOptions{.buffersize = 1}, sizes)) {
    if (before == 0) before = resident_bytes();
    most = std::max(most, resident_bytes());
    CHECK(text.size() == 16 << 20);
  }
  CHECK(most < before + (6 << 24));
}

TEST_CASE("an argument may change or go away after the submit") {
  Gate gate;
  ProcessPoolExecutor pool(1);
  auto hold = pool.submit<pass>(gate.path());
  auto text = std::make_unique<std::string>(100'000, 'a');
  auto future = pool.submit<length>(*text);
  text->assign("gone");
  text.reset();
  gate.open();
  CHECK(future.result() == 100'000);
}
