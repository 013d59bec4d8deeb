// SPDX-License-Identifier: MIT
// type_text.hpp - types as job files and `procfarm functions` spell them: uint64, list<string>,
// optional<path>. A type of the program's own is its name without namespaces.
#pragma once

#include <chrono>
#include <filesystem>
#include <ratio>
#include <string>
#include <string_view>
#include <type_traits>

#include <procfarm/codec.hpp>

namespace procfarm::detail {

template <class T>
std::string type_text();

/// "ns::Box<other::Item>" without what stands before each "::".
inline std::string without_namespaces(std::string_view name) {
  std::string text;
  std::size_t word = 0;  // where the name that is being read begins in `text`
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i).starts_with("(anonymous namespace)::")) {
      i += std::string_view("(anonymous namespace)::").size() - 1;
    } else if (name.substr(i).starts_with("::")) {
      text.resize(word);
      ++i;
    } else {
      text += name[i];
      if (name[i] == '<' || name[i] == ',' || name[i] == ' ' || name[i] == '(') word = text.size();
    }
  }
  return text;
}

/// "name<A, B>"
template <class... Ts>
std::string generic_text(const char* name) {
  std::string text;
  ((text += (text.empty() ? "" : ", ") + type_text<Ts>()), ...);
  return std::string(name) + '<' + text + '>';
}

template <class T>
struct TypeText {
  static std::string text() {
    if constexpr (std::is_integral_v<T>) return std::same_as<T, bool> ? "bool" : integer_name<T>();
    if constexpr (std::same_as<T, std::string_view>) return "string";
    return without_namespaces(type_name<T>);
  }
};

template <>
struct TypeText<std::string> {
  static std::string text() { return "string"; }
};
template <>
struct TypeText<std::filesystem::path> {
  static std::string text() { return "path"; }
};
template <class Rep, class Period>
struct TypeText<std::chrono::duration<Rep, Period>> {
  // Its unit is part of the type: a job file's "30s" becomes that many counts.
  static std::string text() {
    if constexpr (std::is_same_v<Period, std::nano>) return "duration";
    if constexpr (std::is_same_v<Period, std::micro>) return "microseconds";
    if constexpr (std::is_same_v<Period, std::milli>) return "milliseconds";
    if constexpr (std::is_same_v<Period, std::ratio<1>>) return "seconds";
    if constexpr (std::is_same_v<Period, std::ratio<60>>) return "minutes";
    if constexpr (std::is_same_v<Period, std::ratio<3600>>) return "hours";
    return "duration of " + std::to_string(Period::num) + "/" + std::to_string(Period::den) + " s";
  }
};
template <class Length>
struct TypeText<std::chrono::time_point<std::chrono::system_clock, Length>> {
  static std::string text() { return "time"; }
};

template <class T>
struct ListText {
  static std::string text() {
    if constexpr (ByteLike<T>) return "bytes";
    return generic_text<T>("list");
  }
};
template <class T, class A>
struct TypeText<std::vector<T, A>> : ListText<T> {};
template <class T, std::size_t count>
struct TypeText<std::array<T, count>> : ListText<T> {};
template <class T>
struct TypeText<std::span<T>> : ListText<std::remove_cv_t<T>> {};
template <class T, class A>
struct TypeText<std::list<T, A>> {
  static std::string text() { return generic_text<T>("list"); }
};
template <class T, class A>
struct TypeText<std::deque<T, A>> : TypeText<std::list<T>> {};

template <class T>
struct SetText {
  static std::string text() { return generic_text<T>("set"); }
};
template <class T, class C, class A>
struct TypeText<std::set<T, C, A>> : SetText<T> {};
template <class T, class C, class A>
struct TypeText<std::multiset<T, C, A>> : SetText<T> {};
template <class T, class H, class E, class A>
struct TypeText<std::unordered_set<T, H, E, A>> : SetText<T> {};

template <class K, class V>
struct MapText {
  static std::string text() { return generic_text<K, V>("map"); }
};
template <class K, class V, class C, class A>
struct TypeText<std::map<K, V, C, A>> : MapText<K, V> {};
template <class K, class V, class C, class A>
struct TypeText<std::multimap<K, V, C, A>> : MapText<K, V> {};
template <class K, class V, class H, class E, class A>
struct TypeText<std::unordered_map<K, V, H, E, A>> : MapText<K, V> {};

template <class A, class B>
struct TypeText<std::pair<A, B>> {
  static std::string text() { return generic_text<A, B>("tuple"); }
};
template <class... Ts>
struct TypeText<std::tuple<Ts...>> {
  static std::string text() { return generic_text<Ts...>("tuple"); }
};
template <class... Ts>
struct TypeText<std::variant<Ts...>> {
  static std::string text() { return generic_text<Ts...>("variant"); }
};
template <class T>
struct TypeText<std::optional<T>> {
  static std::string text() { return generic_text<T>("optional"); }
};
template <class T>
struct TypeText<std::unique_ptr<T>> : TypeText<std::optional<T>> {};
template <class T>
struct TypeText<std::shared_ptr<T>> : TypeText<std::optional<T>> {};

template <class T>
std::string type_text() {
  return TypeText<std::remove_cvref_t<T>>::text();
}

}  // namespace procfarm::detail
