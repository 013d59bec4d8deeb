// SPDX-License-Identifier: MIT
// consumer.cpp - a program of another project, built against an installed procfarm or with it as a
// subproject. Ends with 0 if everything gives what it should, else it names what did not.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <procfarm/procfarm.hpp>
#include <procfarm/version.hpp>

using namespace std::chrono_literals;

struct Shape {
  std::string name;
  std::vector<double> sides;
  MSGPACK_DEFINE(name, sides)
};

std::uint64_t fib(int n) { return n < 2 ? static_cast<std::uint64_t>(n) : fib(n - 1) + fib(n - 2); }
double area(double width, double height) { return width * height; }
Shape scaled(const Shape& shape, double factor) {
  Shape larger = shape;
  for (double& side : larger.sides) side *= factor;
  return larger;
}
char letter_at(std::string_view text, std::size_t place) { return std::string(text).at(place); }

int failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "wrong: {}\n", what);
  ++failures;
}

bool throws_out_of_range(const procfarm::Future<char>& future) {
  try {
    future.result();
  } catch (const std::out_of_range& error) {
    return procfarm::remote_info(error) != nullptr;
  }
  return false;
}

int main(int argc, char** argv) {
  procfarm::init(argc, argv);
  procfarm::ProcessPoolExecutor pool(2);

  expect(pool.submit<fib>(20).result() == 6765, "a function");
  expect(pool.submit([](int x) { return x * x; }, 7).result() == 49, "a lambda");

  std::vector<double> areas;
  const std::vector<double> widths{1, 2, 3}, heights{4, 5, 6};
  for (double each : pool.map<area>(widths, heights)) areas.push_back(each);
  expect(areas == std::vector<double>{4, 10, 18}, "a map over two vectors");

  const Shape box = pool.submit<scaled>(Shape{"box", {1, 2}}, 3).result();
  expect(box.name == "box" && box.sides == std::vector<double>{3, 6}, "a type of our own");
  expect(throws_out_of_range(pool.submit<letter_at>("abc", 7)), "the type that was thrown");

  std::vector<procfarm::Future<std::uint64_t>> futures;
  for (int n = 1; n <= 10; ++n) futures.push_back(pool.submit<fib>(n));
  std::uint64_t sum = 0;
  for (auto& future : procfarm::as_completed(futures, 60s)) sum += future.result();
  expect(sum == 143, "as_completed");
  const auto [done, not_done] = procfarm::wait(futures, 60s);
  expect(done.size() == 10 && not_done.empty(), "wait");

  fmt::print("procfarm {}: {} wrong\n", PROCFARM_VERSION, failures);
  return failures == 0 ? 0 : 1;
}
