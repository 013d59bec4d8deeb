// SPDX-License-Identifier: MIT
// descriptors_test.cpp - programs whose other threads use up every file descriptor while workers
// come and go, and what is found of us by those who look for a way in.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "farm.hpp"
#include "program.hpp"

using namespace farm;

namespace {

void leave_at_once() { ::_exit(3); }

/// Takes each descriptor that gets free, until it is told to stop; then gives them all back.
class DescriptorHog {
 public:
  ~DescriptorHog() {
    thread_ = {};  // stops and joins
    for (const int fd : taken_) ::close(fd);
  }

 private:
  std::vector<int> taken_;
  std::jthread thread_{[this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      fd >= 0 ? taken_.push_back(fd) : std::this_thread::yield();
    }
  }};
};

std::vector<std::string> names_in_private_directory() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
    if (entry.path().filename().string().find("procfarm-") != 0) continue;
    CHECK((std::filesystem::status(entry).permissions() & std::filesystem::perms::mask) ==
          std::filesystem::perms::owner_all);
    for (const auto& each : std::filesystem::directory_iterator(entry.path())) {
      names.push_back(each.path().filename());
    }
  }
  return names;
}

}  // namespace

TEST_CASE("[program] has a thread that takes every descriptor" * doctest::skip()) {
  share_directory();
  const rlimit few{64, 64};
  ::setrlimit(RLIMIT_NOFILE, &few);
  ProcessPoolExecutor pool(4);
  CHECK(pool.submit<doubled>(1).result() == 2);
  {
    const DescriptorHog hog;
    for (int i = 0; i < 100; ++i) {
      try {
        const auto lost = pool.submit<leave_at_once>();  // its worker must be replaced
        const auto done = pool.submit<doubled>(i);
        (void)lost.exception();
        (void)done.exception();
      } catch (const BrokenProcessPool&) {  // no worker could be started
        break;
      }
    }
  }
  pool.shutdown();
  note(handed("JOURNAL"), "over");
  ::_exit(0);
}

TEST_CASE("a program that takes every descriptor while workers connect is never aborted") {
  for (int i = 0; i < 5; ++i) {
    Journal journal;
    Program program("[program] has a thread that takes every descriptor",
                    {{"JOURNAL", journal.path()}});
    const int status = program.wait();
    CHECK(WIFEXITED(status));
    CHECK(journal.lines() == std::vector<std::string>{"over"});
  }
}

TEST_CASE("nobody finds a socket to connect to, in the program or in its workers") {
  Gate gate;
  ProcessPoolExecutor pool(2);
  const std::vector<Future<int>> futures{pool.submit<pass>(gate.path()),
                                         pool.submit<pass>(gate.path())};
  CHECK(eventually([&] { return futures[0].running() && futures[1].running(); }));
  CHECK(names_in_private_directory() == std::vector<std::string>{"owned"});
  gate.open();
  for (const auto& future : futures) (void)future.result();
}

TEST_CASE("what killed programs have left of their directories goes with the next executor") {
  namespace fs = std::filesystem;
  const fs::path parent = fs::temp_directory_path();
  const auto made = [&parent](const char* name, const char* file) {
    fs::create_directory(parent / name);
    if (*file != 0) std::ofstream(parent / name / file).put('x');
    return parent / name;
  };
  const auto age = [](const fs::path& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
  };
  for (const bool used : {false, true}) {
    const fs::path killed = made("procfarm-killed", "owned");
    const fs::path killed_early = made("procfarm-early0", "");
    const fs::path starting = made("procfarm-starts", "");
    const fs::path someone = made("procfarm-others", "file");
    const fs::path unrelated = made("empty", "");
    const fs::path of_a_user = made("procfarm-of-a-user", "");
    for (const fs::path& each : {killed_early, someone, unrelated, of_a_user}) age(each);
    ProcessPoolExecutor pool(1);
    if (used) CHECK(pool.submit<doubled>(1).result() == 2);
    pool.shutdown();
    CHECK_FALSE(fs::exists(killed));
    CHECK_FALSE(fs::exists(killed_early));
    CHECK(fs::exists(starting));
    CHECK(fs::exists(someone / "file"));
    CHECK(fs::exists(unrelated));
    CHECK(fs::exists(of_a_user));
    for (const fs::path& each : {starting, someone, unrelated, of_a_user}) fs::remove_all(each);
  }
}
