// SPDX-License-Identifier: MIT
// type_name.hpp - what the compiler calls a type, and what a type_info's name means to a reader.
// Needs no libprocfarm.
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace procfarm::detail {

template <class T>
constexpr std::string_view pretty_type() {
#ifdef __clang__
  constexpr std::string_view opening = "[T = ";
#else
  constexpr std::string_view opening = "T = ";
#endif
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  constexpr std::size_t begin = text.find(opening) + opening.size();
  // g++ goes on with aliases: "[with T = X; std::string_view = ...]".
  constexpr std::size_t semicolon = text.find("; std::string_view = ", begin);
  constexpr std::size_t end = semicolon == std::string_view::npos ? text.size() - 1 : semicolon;
  return text.substr(begin, end - begin);
}

/// The name of T as the compiler spells it.
template <class T>
inline constexpr std::string_view type_name = pretty_type<T>();

/// A readable form of what type_info::name() returns.
inline std::string demangle(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      ::abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return status == 0 ? std::string(text.get()) : std::string(name);
}

}  // namespace procfarm::detail
