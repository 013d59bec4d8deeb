// SPDX-License-Identifier: MIT
// value.cpp - values as text.
#include "value.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

namespace procfarm::cli {
namespace {

std::string number_text(double number) {
  std::string text = fmt::format("{}", number);
  const bool looks_like_an_integer = text.find_first_not_of("-0123456789") == std::string::npos;
  return looks_like_an_integer ? text + ".0" : text;
}

}  // namespace

std::string text_of(const Value& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  // JSON cannot write nan and inf, which TOML has.
  if (value.is_number_float()) return number_text(value.get<double>());
  return json_text(value);
}

std::string json_text(const Value& value) {
  return value.dump(-1, ' ', false, Value::error_handler_t::replace);
}

std::string_view kind_of(const Value& value) {
  switch (value.type()) {
    case Value::value_t::string: return "text";
    case Value::value_t::boolean: return "a truth value";
    case Value::value_t::number_integer:
    case Value::value_t::number_unsigned: return "an integer";
    case Value::value_t::number_float: return "a float";
    case Value::value_t::array: return "a list";
    case Value::value_t::object: return "a table";
    default: return "null";
  }
}

std::string path_part(std::string_view path, PathPart part) {
  const std::filesystem::path whole(path);
  switch (part) {
    case PathPart::stem: return whole.stem();
    case PathPart::name: return whole.filename();
    case PathPart::ext: return whole.extension();
    case PathPart::dir: break;
  }
  const std::string directory = whole.parent_path();
  return directory.empty() ? "." : directory;
}

}  // namespace procfarm::cli
