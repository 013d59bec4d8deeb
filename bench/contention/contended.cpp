// SPDX-License-Identifier: MIT
// contended.cpp - the first group of cases: what threads of one process share without need.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "cases.hpp"

namespace bench {
namespace {

/// Which of the lanes of this process the caller is: 0 in a process that has but one.
std::uint64_t lane() {
  static std::atomic<std::uint64_t> lanes{0};
  thread_local const std::uint64_t own = lanes++ % 2;
  return own;
}

std::uint64_t copy_shared_pointer(std::uint64_t iterations) {
  static const auto configuration = std::make_shared<const std::uint64_t>(1);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    const std::shared_ptr<const std::uint64_t> copy = configuration;
    sum += *copy;
  }
  return sum;
}

/// Each lane has a counter of its own; they lie in the same cache line.
std::uint64_t count_side_by_side(std::uint64_t iterations) {
  static std::array<volatile std::uint64_t, 2> counters{};
  volatile std::uint64_t& own = counters[lane()];
  const std::uint64_t before = own;
  for (std::uint64_t i = 0; i < iterations; ++i) own = own + 1;
  return own - before;
}

/// Blocks that one lane has allocated are often freed by the other, as in servers that hand
/// requests from thread to thread.
std::uint64_t free_elsewhere(std::uint64_t iterations) {
  static std::array<std::atomic<std::uint64_t*>, 1024> slots{};
  std::uint64_t random = 88'172'645'463'325'252 + lane();
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const std::size_t size = 2 + random % 61;  // words
    auto* block = static_cast<std::uint64_t*>(std::malloc(size * sizeof(std::uint64_t)));
    if (block == nullptr) throw std::bad_alloc();
    block[0] = block[size - 1] = size;
    block[1] = size;
    std::uint64_t* old = slots[(random >> 32) % slots.size()].exchange(block);
    right += old == nullptr || old[old[0] - 1] == old[1] ? 1 : 0;
    std::free(old);
  }
  return right;
}

class Mapping {
 public:
  Mapping(std::size_t size, int file)
      : size_(size),
        begin_(static_cast<unsigned char*>(
            ::mmap(nullptr, size, file < 0 ? PROT_READ | PROT_WRITE : PROT_READ,
                   file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE, file, 0))) {
    if (begin_ == MAP_FAILED) throw std::runtime_error("mmap failed");
  }
  ~Mapping() { ::munmap(begin_, size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  unsigned char* begin() const { return begin_; }

 private:
  std::size_t size_;
  unsigned char* begin_;
};

/// A file of 64 KiB, made once for each process, without a name.
int small_file() {
  constexpr std::size_t size = 64 << 10;
  const int file = ::memfd_create("bench", MFD_CLOEXEC);
  const std::array<unsigned char, 4096> page{1};
  for (std::size_t at = 0; at < size; at += page.size())
    if (::write(file, page.data(), page.size()) != 4096) throw std::runtime_error("write failed");
  return file;
}

std::uint64_t scan_mapped_file(std::uint64_t iterations) {
  static const int file = small_file();
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    const Mapping mapping(64 << 10, file);
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < (64 << 10); at += 64) sum += mapping.begin()[at];
    right += sum == 16 ? 1 : 0;
  }
  return right;
}

std::uint64_t map_and_touch(std::uint64_t iterations) {
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    const Mapping mapping(128 << 10, -1);
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < (128 << 10); at += 4096) sum += ++mapping.begin()[at];
    right += sum == 32 ? 1 : 0;
  }
  return right;
}

std::uint64_t print_to_one_stream(std::uint64_t iterations) {
  static std::FILE* const stream = std::fopen("/dev/null", "w");
  std::uint64_t printed = 0;
  for (std::uint64_t i = 0; i < iterations; ++i)
    printed += std::fprintf(stream, "%d\n", static_cast<int>(i % 1000)) > 1 ? 1 : 0;
  return printed;
}

std::uint64_t random_and_local_time(std::uint64_t iterations) {
  std::uint64_t right = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    const std::time_t then = 1'700'000'000 + std::rand() % 1000;
    std::tm parts{};
    right += ::localtime_r(&then, &parts) != nullptr && parts.tm_year == 123 ? 1 : 0;
  }
  return right;
}

std::uint64_t short_critical_section(std::uint64_t iterations) {
  static std::mutex mutex;
  static std::uint64_t total = 0;  // guarded by mutex
  std::uint64_t steps = 0;
  for (std::uint64_t i = 0; i < iterations; ++i) {
    std::lock_guard lock(mutex);
    const std::uint64_t before = total++;
    steps += total - before;
  }
  return steps;
}

constexpr std::array cases{
    Case{"copies of one shared_ptr", copy_shared_pointer, true},
    Case{"two counters in one cache line", count_side_by_side, true},
    Case{"malloc here, free there", free_elsewhere, true},
    Case{"mmap, scan, munmap of a 64 KiB file", scan_mapped_file, true},
    Case{"mmap, touch, munmap of 128 KiB", map_and_touch, true},
    Case{"fprintf to one FILE", print_to_one_stream, true},
    Case{"rand and localtime_r", random_and_local_time, true},
    Case{"a short critical section", short_critical_section, true},
};

}  // namespace

std::span<const Case> contended_cases() { return cases; }

}  // namespace bench
