// SPDX-License-Identifier: MIT
// function_test.cpp - a call becomes an id and bytes, and these become the call again.
#include <procfarm/call.hpp>
#include <procfarm/wire/control.hpp>
#include <procfarm/wire/modules.hpp>

#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace procfarm;

namespace {

std::uint64_t distance(std::uint64_t lo, std::uint64_t hi) { return hi - lo; }
double sum(std::span<const double> values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}
std::string join(std::string_view a, const std::string& b, std::string&& c) {
  return std::string(a) + b + c;
}
int take(std::unique_ptr<int> pointer) { return *pointer; }
void nothing() noexcept {}
const std::string& echo(const std::string& text) { return text; }
int twice(int x) { return 2 * x; }
int refuse(int) { throw std::runtime_error("refused"); }

struct Unmovable {
  explicit Unmovable(int v) : value(v) {}
  Unmovable(const Unmovable&) = delete;
  int value;
};
int look(const Unmovable& object) { return object.value; }

struct Fragile {  // cannot be encoded
  int value = 0;
};
Fragile fragile() { return {}; }

/// Runs a call as a worker does.
std::string run(const Call& made, Stage* stage = nullptr) {
  const Thunk thunk = wire::FunctionTable::local().find(made.function());
  REQUIRE(static_cast<bool>(thunk));
  Writer result;
  CallFrame frame{Reader(made.arguments()), result};
  try {
    thunk(frame);
  } catch (...) {
    if (stage != nullptr) *stage = frame.stage;
    throw;
  }
  return std::string(result.bytes());
}
bool has(const wire::FunctionTable& functions, FunctionId id) {
  return functions.find(id) != nullptr;
}
template <class T>
T value_of(const Call& made) {
  const std::string bytes = run(made);
  return decode_all<T>(bytes.data(), bytes.size());
}

}  // namespace

template <>
struct procfarm::codec<Unmovable> {
  static void encode(Writer& writer, const Unmovable& object) {
    writer.signed_integer(object.value);
  }
  static Unmovable decode(Reader& reader) { return Unmovable(reader.integer<int>()); }
};
template <>
struct procfarm::codec<Fragile> {
  static void encode(Writer&, const Fragile&) { throw CodecError("too fragile"); }
  static Fragile decode(Reader&) { return {}; }
};

TEST_CASE("arguments are converted to the types of the parameters before they are sent") {
  CHECK(value_of<std::uint64_t>(call<distance>(0, 1'000'000)) == 1'000'000);
  CHECK(value_of<std::uint64_t>(call<distance>('a', 200.0)) == 103);
}

TEST_CASE("parameters by value, reference, rvalue, view and span see their arguments") {
  CHECK(value_of<std::string>(call<join>("a", std::string_view("b").data(), std::string("c"))) ==
        "abc");
  CHECK(value_of<double>(call<sum>(std::vector<double>{1, 2, 3.5})) == 6.5);
  CHECK(value_of<int>(call<take>(std::make_unique<int>(7))) == 7);
  CHECK(value_of<int>(call<look>(Unmovable(5))) == 5);
  CHECK(value_of<std::string>(call<echo>("text")) == "text");
}

TEST_CASE("a span parameter also takes a plain array, and a block at any address") {
  Writer writer;
  writer.array_header(1);
  writer.array_header(2);
  writer.unsigned_integer(1);
  writer.float64(0.5);
  CHECK(value_of<double>(
            Call(call<sum>(std::vector<double>()).function(), std::string(writer.bytes()))) == 1.5);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    writer.clear();
    writer.array_header(1);
    encode(writer, std::vector<double>{1, 2});
    const std::string bytes = std::string(shift, ' ') + std::string(writer.bytes());
    Writer result;
    CallFrame frame{Reader(bytes.data() + shift, bytes.size() - shift), result};
    wire::FunctionTable::local().find(StaticCall<sum, std::vector<double>>::id())(frame);
    CHECK(decode_all<double>(result.data(), result.size()) == 3.0);
  }
}

TEST_CASE("a void function answers nil") {
  CHECK(run(call<nothing>()) == "\xc0");
  static_assert(std::is_void_v<StaticCall<nothing>::Result>);
}

TEST_CASE("lambdas without captures and empty function objects are sent by their type") {
  CHECK(value_of<int>(call([](int x) { return x * x; }, 7)) == 49);
  CHECK(value_of<double>(call([](auto x, auto y) { return x + y; }, 1, 2.5)) == 3.5);
  CHECK(value_of<std::string>(call([](const auto& text) { return text + "!"; }, "hi")) == "hi!");
  CHECK(value_of<int>(call(std::plus<>(), 3, 4)) == 7);
  CHECK(value_of<int>(call<[](int x) { return x + 1; }>(3)) == 4);
  CHECK(value_of<int>(call([](int x) mutable { return ++x; }, 1)) == 2);
}

TEST_CASE("each function has its own id, the same at every mention") {
  const FunctionId first = StaticCall<twice, int>::id();
  CHECK(first == StaticCall<twice, const int&>::id());
  CHECK_FALSE(first == StaticCall<refuse, int>::id());
  CHECK(FunctionId::unpacked(first.packed()) == first);
  CHECK(wire::function_signature(first).find("twice") != std::string::npos);
}

TEST_CASE("an id that names nothing finds nothing") {
  const auto functions = wire::FunctionTable::local();
  const FunctionId known = StaticCall<twice, int>::id();
  CHECK_FALSE(has(functions, {known.module, 0xffffffff}));
  CHECK_FALSE(has(functions, {0xffff, 0}));
  CHECK_FALSE(has(functions, {0, 0xffffffff}));
  CHECK(wire::function_signature({0xffff, 7}).empty());
}

TEST_CASE("a module is found by its identity only, under whatever number the sender gives it") {
  REQUIRE(wire::module_names().size() == wire::module_count());
  CHECK(wire::module_names(wire::module_count()).empty());
  const FunctionId local = StaticCall<twice, int>::id();
  const wire::ModuleName name = wire::module_names(local.module - std::size_t{1}).at(0);
  wire::FunctionTable functions;
  functions.add(9, {name, {name.build_id, name.digest + 1}});
  const bool same = functions.find({9, local.index}) == wire::FunctionTable::local().find(local);
  CHECK(same);
  CHECK_FALSE(has(functions, {8, local.index}));
  CHECK_FALSE(has(functions, {10, local.index}));
  CHECK(wire::find_module({name.build_id, name.digest}) != nullptr);
  CHECK(wire::find_module({name.build_id + "0", name.digest}) == nullptr);
}

TEST_CASE("the library's own functions have fixed numbers in module 0") {
  wire::set_builtin(
      15, [](CallFrame& frame) { frame.result.unsigned_integer(15); }, "fifteen");
  const Thunk thunk = wire::FunctionTable().find({0, 15});
  REQUIRE(static_cast<bool>(thunk));
  Writer result;
  CallFrame frame{Reader("", 0), result};
  thunk(frame);
  CHECK(decode_all<int>(result.data(), result.size()) == 15);
  wire::set_builtin(15, nullptr, "");
}

TEST_CASE("the frame tells where a call has failed") {
  Stage stage = Stage::encode_result;
  CHECK_THROWS_AS(run(call<refuse>(1), &stage), std::runtime_error);
  CHECK(stage == Stage::run);
  CHECK_THROWS_WITH_AS(run(call<fragile>(), &stage), "too fragile", CodecError);
  CHECK(stage == Stage::encode_result);
  const auto with = [&](std::string bytes) {
    return Call(StaticCall<distance, int, int>::id(), std::move(bytes));
  };
  CHECK_THROWS_WITH_AS(run(with("\x92\x01\xa0"), &stage),
                       "argument 2: expected uint64, got string of 0", CodecError);
  CHECK(stage == Stage::decode_arguments);
  CHECK_THROWS_AS(run(with("\x91\x01"), &stage), CodecError);
  CHECK_THROWS_AS(run(with("\x92\x01\x02\x03"), &stage), CodecError);
  CHECK(stage == Stage::decode_arguments);
}

TEST_CASE("a call without a function is empty, arguments that cannot be encoded are an error") {
  CHECK_FALSE(Call());
  CHECK(call<nothing>());
  try {
    call([](Fragile) {}, Fragile());
    FAIL("no error");
  } catch (const SerializationError& error) {
    CHECK(error.stage() == "encode arguments");
    CHECK(std::string(error.what()).find("too fragile") != std::string::npos);
  }
}

TEST_CASE("a result that cannot be decoded names its stage and its task") {
  try {
    detail::decode_result<int>("\xa0", 1, {.id = "7", .name = "count"});
    FAIL("no error");
  } catch (const SerializationError& error) {
    CHECK(error.stage() == "decode result");
    CHECK(std::string(error.what()) ==
          "task 'count' (id 7): cannot decode result: expected int32, got string of 0");
  }
}
