// SPDX-License-Identifier: MIT
// export_test.cpp - functions of plugins and of the program are listed and called by name.
#include <procfarm/export.hpp>
#include <procfarm/module.hpp>
#include <procfarm/wire/plugin.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <procfarm/errors.hpp>

#include "proto/module_paths.hpp"

using namespace procfarm;

namespace {

int next(int number) { return number + 1; }
PROCFARM_EXPORT(procfarm::function<next>("next", {"number"}, "the one after"))

template <class... Args>
std::string arguments(const Args&... args) {
  Writer writer;
  encode(writer, std::tuple<Args...>(args...));
  return std::string(writer.bytes());
}
template <class T>
T value_of(const std::string& bytes) {
  return decode_all<T>(bytes.data(), bytes.size());
}
std::string refusal(const std::string& path) {
  try {
    describe_module(path);
  } catch (const ModuleError& error) {
    return error.what();
  }
  return "";
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A directory that only this user can write to; gone with the test.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "procfarm-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }
  std::string copy_of(const std::string& from, const std::string& name) const {
    std::filesystem::copy_file(from, path_ / name);
    return (path_ / name).string();
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a plugin of several files lists its functions with signatures and texts") {
  std::vector<std::string> signatures;
  std::string docs;
  for (const ModuleFunction& function : describe_module(test_modules::plugin).functions) {
    signatures.push_back(function.signature());
    docs += function.doc;
  }
  const std::vector<std::string> expected = {
      "count_primes(lo: uint64, hi: uint64) -> uint64",
      "scale(values: list<double>, by: double) -> list<double>",
      "merge(digests: list<Digest>, where: optional<path>, weights: map<string, float>) -> Digest",
      "fail(how: string) -> void",
      "zero() -> int32",
      "text.greet(who: string) -> string",
      "text.types(a: bytes, b: milliseconds, c: time, d: set<int8>, e: tuple<bool, string>) -> "
      "void"};
  CHECK(signatures == expected);
  CHECK(docs == "primes in [lo, hi)");
}

TEST_CASE("a plugin's functions are called by name") {
  const std::string path = test_modules::plugin;
  CHECK(value_of<std::uint64_t>(call_module(path, "count_primes", arguments(0, 10))) == 4);
  CHECK(value_of<int>(call_module(path, "zero", arguments())) == 0);
  CHECK(value_of<std::string>(call_module(path, "text.greet", arguments(std::string("you")))) ==
        "hello you");
  const std::string scaled = call_module(path, "scale", arguments(std::vector{1.0, 2.0}, 3));
  CHECK(value_of<std::vector<double>>(scaled) == std::vector{3.0, 6.0});
  CHECK(without_blocks(scaled)[0] == '\x92');
  CHECK(value_of<std::vector<double>>(without_blocks(scaled)) == std::vector{3.0, 6.0});
}

TEST_CASE("what a plugin's function throws arrives as what it is") {
  const auto fail = [](const std::string& how) {
    return call_module(test_modules::plugin, "fail", arguments(how));
  };
  CHECK_THROWS_WITH_AS(fail("range"), "too far", std::out_of_range);
  CHECK_THROWS_AS(fail("own"), RemoteError);
  CHECK_THROWS_AS(fail("number"), RemoteError);
  try {
    call_module(test_modules::plugin, "scale", arguments(1, 2));
    FAIL("no error");
  } catch (const SerializationError& error) {
    CHECK(error.stage() == "decode arguments");
    CHECK(error.cause() == "argument 1: expected array, got 1");
  }
}

TEST_CASE("an unknown function is refused with the names of those there are") {
  try {
    call_module(test_modules::plugin, "count", arguments());
    FAIL("no error");
  } catch (const ModuleError& error) {
    CHECK(contains(error.what(), "exports no function 'count'; it exports count_primes, scale"));
  }
}

TEST_CASE("the program's own exports are found without -rdynamic, by no name and by its path") {
  for (const char* path : {"", "/proc/self/exe"}) {
    const auto module = describe_module(path);
    const auto next = std::find_if(module.functions.begin(), module.functions.end(),
                                   [](const auto& each) { return each.name == "next"; });
    REQUIRE(next != module.functions.end());
    CHECK(next->signature() == "next(number: int32) -> int32");
    CHECK(value_of<int>(call_module(path, "next", arguments(4))) == 5);
  }
}

TEST_CASE("what is no module is refused with its reason") {
  const Scratch scratch;
  CHECK(contains(refusal("/nowhere/libx.so"), "/nowhere/libx.so: No such file or directory"));
  CHECK(contains(refusal(scratch.path()), "is not a regular file"));
  CHECK(contains(refusal(scratch.file("text.so", "#!/bin/sh\n")), "no ELF file"));
  CHECK(contains(refusal(scratch.file("empty.so", "")), "no ELF file"));
  CHECK(contains(refusal(scratch.file("cut.so", std::string("\x7f") + "ELF" + std::string(60, 1))),
                 "is built for another kind of machine"));
  CHECK(contains(refusal("/bin/sh"), "is another program"));
  CHECK(
      contains(refusal(test_modules::identity_first), "exports no functions: use PROCFARM_EXPORT"));
  const std::string fifo = scratch.path() / "fifo.so";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(contains(refusal(fifo), "is not a regular file"));
}

TEST_CASE("a module of another ABI and one with a name twice are refused") {
  CHECK(contains(refusal(test_modules::other_abi), "was built for module ABI 99, this is 1"));
  CHECK(contains(refusal(test_modules::twice), "exports two functions named 'same'"));
}

TEST_CASE("a module that everyone can write to is refused") {
  const Scratch scratch;
  const std::string open = scratch.copy_of(test_modules::plugin, "open.so");
  REQUIRE(chmod(open.c_str(), 0777) == 0);
  CHECK(contains(refusal(open), "is writable for everyone"));
  REQUIRE(chmod(open.c_str(), 0755) == 0);
  REQUIRE(chmod(scratch.path().c_str(), 0777) == 0);
  CHECK(contains(refusal(open), "its directory"));
  REQUIRE(chmod(scratch.path().c_str(), 0700) == 0);
  CHECK(refusal(open) == "");
}

TEST_CASE("a file tells whether it is a program or a library without being loaded") {
  CHECK(module_kind(test_modules::plugin) == ModuleKind::library);
  CHECK(module_kind("/bin/sh") == ModuleKind::program);
}

TEST_CASE("a description of a module travels") {
  Writer writer;
  encode(writer, describe_module(test_modules::plugin));
  const auto back = value_of<ModuleDescription>(std::string(writer.bytes()));
  CHECK(back.functions.size() == 7);
}
