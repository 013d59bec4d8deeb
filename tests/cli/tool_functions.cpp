// SPDX-License-Identifier: MIT
// tool_functions.cpp - functions for the jobs of tool_function_test.cpp, built as a shared library
// and, with PROCFARM_TEST_PROGRAM, as a program.
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/export.hpp>

#ifdef PROCFARM_TEST_PROGRAM
#include <procfarm/init.hpp>
#endif

namespace {

std::uint64_t square(std::uint64_t n) { return n * n; }

std::uint64_t sum(const std::vector<std::uint64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}

std::string say(std::string words) {
  std::printf("said %s\n", words.c_str());
  if (words == "bad") throw std::out_of_range("no such word");
  return words;
}

void crash() {
  std::fputs("about to crash\n", stderr);
  std::raise(SIGSEGV);
}

std::string input() {
  std::string text;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) text += static_cast<char>(c);
  return text;
}

/// With streams that have buffers of their own, and an end that they remember.
std::string copy() {
  static const bool unbuffered = std::ios::sync_with_stdio(false);
  std::string text;
  std::getline(std::cin, text);
  std::cout << "copied " << text << '\n';
  std::clog << (unbuffered ? "logged " : "was buffered ") << text << '\n';
  return text;
}

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "(unset)" : value;
}

/// Takes so much memory and keeps it until somebody ends it.
void hog(std::uint64_t bytes) {
  const std::vector<char> block(bytes, 'x');
  while (block.back() == 'x') ::pause();
}

/// A library whose loading never ends, if the environment names a file to tell that in.
struct Hanging {
  Hanging() {
    const char* file = std::getenv("TOOL_FUNCTIONS_HANG");
    if (file == nullptr) return;
    std::fclose(std::fopen(file, "w"));
    while (true) ::pause();
  }
} const hanging;

/// A library that does something bad when it is loaded, if the environment asks for it.
struct Loading {
  Loading() {
    const char* wanted = std::getenv("TOOL_FUNCTIONS_LOAD");
    const std::string what = wanted == nullptr ? "" : wanted;
    if (what == "abort") std::abort();
    if (what == "exit") std::_Exit(7);
    if (what == "throw") throw std::runtime_error("from a static constructor");
    if (what == "fork" && ::fork() == 0) {
      while (true) ::pause();
    }
  }
} const loading;

void spin() {
  const volatile bool forever = true;
  while (forever) continue;
}

}  // namespace

PROCFARM_EXPORT(procfarm::function<square>("square", {"n"}, "n squared"),
                procfarm::function<sum>("sum", {"values"}),
                procfarm::function<say>("say", {"words"}), procfarm::function<crash>("crash"),
                procfarm::function<spin>("spin"), procfarm::function<input>("input"),
                procfarm::function<copy>("copy"),
                procfarm::function<variable>("variable", {"name"}),
                procfarm::function<hog>("hog", {"bytes"}))

#ifdef PROCFARM_TEST_PROGRAM
int main(int argc, char** argv) {
  if (std::getenv("TOOL_FUNCTIONS_REFUSE") != nullptr) return 9;
  procfarm::init(argc, argv);
  return 0;
}
#endif
