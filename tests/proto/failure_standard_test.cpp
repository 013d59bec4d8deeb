// SPDX-License-Identifier: MIT
// failure_standard_test.cpp - exceptions of the C++ library come back as their own types.
#include <any>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <regex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <variant>

#include <fmt/format.h>

#include "failure_support.hpp"

using namespace failures;
using namespace std::string_literals;

namespace {

struct OtherCategory : std::error_category {
  const char* name() const noexcept override { return "other"; }
  std::string message(int) const override { return "other trouble"; }
};

}  // namespace

TEST_CASE("standard exceptions come back as their own types, with their texts") {
  comes_back(std::exception());
  comes_back(std::bad_exception());
  comes_back(std::logic_error("wrong"));
  comes_back(std::domain_error("outside"));
  comes_back(std::invalid_argument(""));
  comes_back(std::length_error("too long"));
  comes_back(std::out_of_range("too far"));
  comes_back(std::runtime_error("text"));
  comes_back(std::range_error("no such value"));
  comes_back(std::overflow_error("over"));
  comes_back(std::underflow_error("under"));
  comes_back(std::bad_alloc());
  comes_back(std::bad_array_new_length());
  comes_back(std::bad_cast());
  comes_back(std::bad_typeid());
  comes_back(std::bad_any_cast());
  comes_back(std::bad_optional_access());
  comes_back(std::bad_variant_access());
  comes_back(std::bad_weak_ptr());
  comes_back(std::bad_function_call());
  comes_back(std::system_error(ENOENT, std::generic_category(), "open /x"));
  comes_back(std::ios_base::failure("broken stream"));
  comes_back(std::filesystem::filesystem_error(
      "copy", "/a", "/b", std::make_error_code(std::errc::no_space_on_device)));
  comes_back(std::future_error(std::future_errc::broken_promise));
  comes_back(std::regex_error(std::regex_constants::error_brack));
  comes_back(fmt::format_error("argument not found"));
}

TEST_CASE("what the C++ library itself throws comes back as its own type") {
  expect<std::regex_error>(carried(thrown_by([] { std::regex("[a"); })),
                           [](const std::regex_error& error) {
                             CHECK(error.code() == std::regex_constants::error_brack);
                           });
  const auto abandoned = [] {
    std::future<int> future = std::promise<int>().get_future();
    future.get();
  };
  expect<std::future_error>(carried(thrown_by(abandoned)), [](const std::future_error& error) {
    CHECK(error.code() == std::future_errc::broken_promise);
  });
  expect<std::bad_variant_access>(
      carried(thrown_by([] { (void)std::get<int>(std::variant<int, char>('x')); })),
      [](const std::bad_variant_access& error) {
        CHECK(std::string(error.what()).find("wrong index") != std::string::npos);
      });
  expect<std::bad_any_cast>(carried(thrown_by([] { (void)std::any_cast<int>(std::any('x')); })),
                            [](const std::exception&) {});
  expect<fmt::format_error>(carried(thrown_by([] { (void)fmt::format(fmt::runtime("{"), 1); })),
                            [](const fmt::format_error& error) {
                              CHECK(remote_info(error)->type_name().starts_with("fmt::"));
                            });
  const auto closed = [] {
    std::ifstream file;
    file.exceptions(std::ios::failbit);
    file.open("/nowhere/at/all");
  };
  expect<std::ios_base::failure>(
      carried(thrown_by(closed)),
      [](const std::ios_base::failure& error) { CHECK(error.code() == std::io_errc::stream); });
}

TEST_CASE("a standard exception that went through two farms keeps its type and code") {
  const auto once = carried(std::future_error(std::future_errc::no_state));
  expect<std::future_error>(carried(once), [](const std::future_error& error) {
    CHECK(error.code() == std::future_errc::no_state);
  });
}

TEST_CASE("a standard type is not widened to its base") {
  expect<std::logic_error>(carried(std::out_of_range("x")), [](const std::logic_error& error) {
    CHECK(dynamic_cast<const std::out_of_range*>(&error) != nullptr);
    CHECK(remote_info(error)->type_name() == "std::out_of_range");
  });
}

TEST_CASE("error codes and paths come back, of foreign categories the name and number") {
  using std::filesystem::filesystem_error;
  expect<std::system_error>(carried(std::system_error(ENOENT, std::system_category(), "open")),
                            [](const std::system_error& error) {
                              CHECK(error.code() == std::errc::no_such_file_or_directory);
                            });
  const auto code = std::make_error_code(std::errc::permission_denied);
  expect<filesystem_error>(carried(filesystem_error("copy", "/a", "/b", code)),
                           [&](const filesystem_error& error) {
                             CHECK(error.code() == code);
                             CHECK(error.path1() == "/a");
                             CHECK(error.path2() == "/b");
                           });
  expect<std::system_error>(carried(std::system_error(5, OtherCategory(), "x")),
                            [](const std::system_error& error) {
                              CHECK(error.code().category().name() == "other"s);
                              CHECK(error.code().value() == 5);
                              CHECK(error.what() == "x: other trouble"s);
                            });
}
