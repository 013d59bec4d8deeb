// SPDX-License-Identifier: MIT
// hygiene.cpp - children by /proc, files by name: the library's own begin with "procfarm".
#include "support/hygiene.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <system_error>
#include <thread>

#include "support/process_tree.hpp"

namespace support {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto tidy_limit = 5s;
constexpr auto poll_interval = 5ms;

template <class T>
std::vector<T> only_in_first(const std::vector<T>& first, const std::vector<T>& second) {
  std::vector<T> rest;
  std::set_difference(first.begin(), first.end(), second.begin(), second.end(),
                      std::back_inserter(rest));
  return rest;
}

Residue newer_than(const Residue& before) {
  const Residue now = Residue::now();
  return {only_in_first(now.children, before.children), only_in_first(now.files, before.files)};
}

}  // namespace

PrivateTemporaryDirectory::PrivateTemporaryDirectory() {
  std::string pattern = "/tmp/procfarm-test.XXXXXX";  // short: socket paths end at 107 characters
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "mkdtemp " + pattern);
  }
  path_ = pattern;
  ::setenv("TMPDIR", pattern.c_str(), 1);
  ::setenv("XDG_RUNTIME_DIR", pattern.c_str(), 1);
}

PrivateTemporaryDirectory::~PrivateTemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Residue Residue::now() {
  Residue residue{.children = children_of(::getpid())};
  std::error_code error;
  for (fs::directory_iterator entry(fs::temp_directory_path(), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name.find("procfarm") != std::string::npos) residue.files.push_back(entry->path());
  }
  std::sort(residue.files.begin(), residue.files.end());
  return residue;
}

std::string wait_until_tidy(const Residue& before) {
  const auto deadline = std::chrono::steady_clock::now() + tidy_limit;
  Residue left = newer_than(before);
  while (!(left.children.empty() && left.files.empty()) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(poll_interval);
    left = newer_than(before);
  }
  std::string lines;
  for (const pid_t child : left.children) lines += "  " + describe_process(child) + "\n";
  for (const std::string& file : left.files) lines += "  " + file + "\n";
  return lines;
}

}  // namespace support
