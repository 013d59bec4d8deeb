// SPDX-License-Identifier: MIT
// everything.cpp - names every template of the public headers, so that compilers other than the one
// that builds the library warn of what they instantiate. Its results are not looked at.
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include <procfarm/exported.hpp>
#include <procfarm/module.hpp>
#include <procfarm/procfarm.hpp>
#include <procfarm/version.hpp>

using namespace procfarm;
using namespace std::chrono_literals;

namespace {

enum class Colour { red, green };
struct Digest {
  std::string path;
  std::uint64_t bytes = 0;
  MSGPACK_DEFINE(path, bytes)
};
struct Named {
  std::string name;
  MSGPACK_DEFINE_MAP(name)
};
struct Nested {
  std::vector<Digest> list;
  std::unordered_set<int> set;
  std::map<std::string, Named> map;
  std::unordered_multimap<int, Digest> multimap;
  std::tuple<int, std::pair<int, Named>> tuple;
  std::optional<std::array<Digest, 2>> array;
  std::shared_ptr<Nested> next;
  int numbers[2] = {};
  MSGPACK_DEFINE(list, set, map, multimap, tuple, array, next, numbers)
};
struct Own {
  int number = 0;
};

}  // namespace

template <>
struct procfarm::codec<Own> {
  static void encode(Writer& writer, const Own& own) { writer.signed_integer(own.number); }
  static Own decode(Reader& reader) { return {reader.integer<int>()}; }
};

namespace {

struct Registered : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct RegisteredValue : std::exception {
  int code = 0;
  MSGPACK_DEFINE(code)
};
[[maybe_unused]] const bool registered = register_exception<Registered>("Registered");
[[maybe_unused]] const bool registered_value = register_exception<RegisteredValue>("Value");

int one(int x) { return x; }
int two(int x, const std::string& text) { return x + static_cast<int>(text.size()); }
double three(double a, double b, double c) noexcept { return a + b + c; }
void nothing(int) {}
std::size_t views(std::string_view text, std::span<const double> numbers) {
  return text.size() + numbers.size();
}
std::size_t bits(std::span<const bool> values) { return values.size(); }
std::unique_ptr<int> owned(std::unique_ptr<int> value) { return value; }

using Values =
    std::tuple<bool, char, float, double, long double, Colour, std::string, std::filesystem::path,
               std::chrono::seconds, std::chrono::system_clock::time_point, std::vector<int>,
               std::vector<bool>, std::vector<std::string>, std::array<int, 3>, std::list<int>,
               std::deque<int>, std::set<int>, std::multiset<int>, std::unordered_set<int>,
               std::map<int, int>, std::multimap<int, int>, std::unordered_map<int, std::string>,
               std::pair<int, Digest>, std::optional<int>, std::optional<std::optional<int>>,
               std::variant<int, std::string>, std::shared_ptr<int>, Digest, Named, Nested, Own,
               Command>;
Values everything(const Values& values) { return values; }

template <class Pool>
void submit_all(Pool& pool) {
  pool.template submit<one>(1).result();
  pool.template submit<two>(1, "text").result(60s);
  pool.template submit<nothing>(1).result();
  pool.template submit<views>("text", std::vector<double>{1, 2}).result();
  pool.template submit<bits>(std::array<bool, 2>{}).result();
  pool.template submit<owned>(std::make_unique<int>(1)).result();
  pool.template submit<everything>(Values{}).result();
  pool.submit([] {}).result();
  pool.submit([](auto a, auto b) { return a + b; }, 1, 2.5).result();
  pool.submit([](std::string&& text) { return std::move(text); }, "x").exception();
}

template <class Pool>
int map_all(Pool& pool, std::vector<int>& numbers) {
  const std::vector<std::string> texts{"a"};
  const std::list<double> doubles{1};
  int sum = 0;
  for (int n : pool.template map<one>(numbers)) sum += n;
  for (int n : pool.template map<two>(numbers, texts)) sum += n;
  for (double d : pool.template map<three>(doubles, std::vector<double>{1}, doubles)) sum += d > 0;
  for (auto n : pool.template map<nothing>(MapOptions{.buffersize = 2}, numbers)) {
    sum += n == std::monostate();
  }
  for (int n : pool.map([](int a, int b, int c) { return a + b + c; }, numbers, numbers, numbers)) {
    sum += n;
  }
  for (int n : pool.map(
           MapOptions{.timeout = 60s}, [](int x) { return x; }, numbers))
    sum += n;
  for (int n : pool.template map<one>({.chunksize = 2}, numbers)) sum += n;
  for (bool b : pool.map(
           {.buffersize = 2}, [](auto x) { return x; }, std::vector<bool>{true})) {
    sum += b;
  }
  const std::map<std::string, int> named{{"a", 1}};
  for (int n : pool.map([](const auto& element) { return element.second; }, named)) sum += n;
  return sum;
}

template <class F>
void look_at(std::vector<F> futures) {
  auto [done, not_done] = wait(futures, 60s, ReturnWhen::first_completed);
  for (auto& future : as_completed(futures)) {
    if (future.done() || future.running() || future.cancelled()) done.push_back(future);
  }
  for (auto& future : done) {
    future.cancel();
    future.cancel(cancel_running);
    future.add_done_callback([](F self) { (void)self.info(); });
    (void)(future.exception() != nullptr || future.exception(0s) != nullptr);
    (void)(future.valid() && future == done.front() && std::hash<F>()(future) != 0);
  }
}

}  // namespace

PROCFARM_EXPORT(procfarm::function<one>("one", {"x"}),
                procfarm::function<nothing>("nothing", {"x"}))
PROCFARM_EXPORT(procfarm::function<everything>("everything", {"values"}, "all types that travel"))

int main(int argc, char** argv) {
  init(argc, argv);
  ProcessPoolExecutor pool(ProcessPoolOptions{
      .max_workers = 2, .initializer = call<nothing>(1), .preload = call([](int) {}, 1)});
  std::vector<int> numbers{1, 2, 3};
  submit_all(pool);
  auto hot = pool.with({.name = "hot",
                        .priority = 1,
                        .timeout = 5s,
                        .retry = {.max_attempts = 3, .on = RetryOn::timeout | RetryOn::exception},
                        .after = {pool.submit<one>(1)}});
  submit_all(hot);
  int sum = map_all(pool, numbers) + map_all(hot, numbers);
  look_at(std::vector{pool.submit<one>(1)});
  look_at(std::vector{pool.submit<nothing>(1)});
  look_at(std::vector<AnyFuture>{pool.submit<one>(1), pool.submit<nothing>(1)});
  sum += pool.submit_call<int>(call<one>(1)).result();
  sum += pool.submit<run_command>(Command{.argv = {"true"}}).result().exit_code;
  sum += this_task::attempt() + version_major;
  (void)this_task::stop_token();
  pool.shutdown({.wait = true, .cancel_futures = true});
  return sum > 0 ? 0 : 1;
}
