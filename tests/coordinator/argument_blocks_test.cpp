// SPDX-License-Identifier: MIT
// argument_blocks_test.cpp - blocks of shared memory for large arguments: apart from each other,
// seen by readers and written by nobody else, given back to the system when they are too many.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <procfarm/codec.hpp>
#include <procfarm/wire/blocks.hpp>

#include "coordinator/argument_blocks.hpp"
#include "coordinator/payload.hpp"

using namespace procfarm;

namespace {

constexpr std::size_t mebi = std::size_t{1} << 20;

/// Bytes of memory that the file holds.
std::uint64_t held(const ArgumentBlocks& blocks) {
  struct stat file {};
  REQUIRE(::fstat(blocks.fd(), &file) == 0);
  return static_cast<std::uint64_t>(file.st_blocks) * 512;
}

std::string seen(const wire::BlockView& view, wire::BlockRef ref) {
  return std::string(view.at({reinterpret_cast<const char*>(&ref), sizeof ref}));
}

}  // namespace

TEST_CASE("argument blocks: whatever is taken and given back, blocks that are in use lie apart") {
  ArgumentBlocks blocks(std::uint64_t{64} * mebi, 8 * mebi);
  const wire::BlockView view{wire::UniqueFd(::dup(blocks.fd()))};
  std::map<char*, std::string> used;
  std::mt19937_64 random(20260311);
  for (int step = 0; step < 3000; ++step) {
    if (!used.empty() && random() % 2 == 0) {
      const auto gone =
          std::next(used.begin(), static_cast<std::ptrdiff_t>(random() % used.size()));
      const auto& [data, text] = *gone;
      REQUIRE(seen(view, blocks.reference(data, text.size())) == text);
      blocks.give_back(data);
      used.erase(gone);
      continue;
    }
    const std::size_t size = 1 + random() % (3 * mebi);
    char* const data = blocks.take(size);
    if (data == nullptr) continue;
    std::string text(std::min<std::size_t>(size, 5000), static_cast<char>('a' + step % 26));
    std::memcpy(data, text.data(), text.size());
    data[size - 1] = text.back();
    used.emplace(data, std::move(text));
  }
  CHECK(blocks.warm() <= 8 * mebi);
  for (const auto& [data, text] : used) blocks.give_back(data);
  char* const most = blocks.take(63 * mebi);  // all of it is one piece again
  REQUIRE(most != nullptr);
  blocks.give_back(most);
}

TEST_CASE("argument blocks: what is free stays warm up to a limit, the rest is the system's") {
  ArgumentBlocks blocks(std::uint64_t{64} * mebi, 4 * mebi);
  char* const small = blocks.take(3 * mebi);
  char* const large = blocks.take(16 * mebi);
  std::memset(small, 1, 3 * mebi);
  std::memset(large, 1, 16 * mebi);
  CHECK(held(blocks) >= 19 * mebi);
  blocks.give_back(large);
  CHECK(held(blocks) < 4 * mebi);
  CHECK(blocks.warm() == 0);
  blocks.give_back(small);
  CHECK(held(blocks) >= 3 * mebi);
  CHECK(blocks.warm() >= 3 * mebi);
  CHECK(blocks.take(2 * mebi) == small);  // the warm one, before any that is cold
  CHECK(blocks.warm() <= mebi + 64 * 1024);
  blocks.give_back(small);
}

TEST_CASE("argument blocks: a worker can look at them and not write to them") {
  ArgumentBlocks blocks(std::uint64_t{8} * mebi);
  char* const data = blocks.take(mebi);
  std::memcpy(data, "seen", 4);
  const wire::BlockView view{wire::UniqueFd(::dup(blocks.fd()))};
  CHECK(seen(view, blocks.reference(data, 4)) == "seen");
  CHECK(::mmap(nullptr, mebi, PROT_READ | PROT_WRITE, MAP_SHARED, blocks.fd(), 0) == MAP_FAILED);
  CHECK(::pwrite(blocks.fd(), "x", 1, 0) < 0);
  for (const wire::BlockRef outside :
       {wire::BlockRef{8 * mebi, 1}, wire::BlockRef{0, 8 * mebi + 1},
        wire::BlockRef{~std::uint64_t{0}, 2}, wire::BlockRef{1, ~std::uint64_t{0}}}) {
    CHECK_THROWS_AS(seen(view, outside), std::runtime_error);
  }
  CHECK_THROWS_AS(view.at("too short"), std::runtime_error);
  CHECK_THROWS_AS(seen(wire::BlockView(wire::UniqueFd()), {0, 1}), std::runtime_error);
  blocks.give_back(data);
}

TEST_CASE("argument blocks: a large argument is encoded into one, its elements aligned") {
  const auto blocks = std::make_shared<ArgumentBlocks>(std::uint64_t{64} * mebi);
  std::vector<double> values(mebi);
  std::iota(values.begin(), values.end(), 0.5);
  Writer writer(blocks.get());
  writer.array_header(1);
  codec<std::vector<double>>::encode(writer, values);
  const std::size_t size = writer.size();
  char* const data = writer.release();
  REQUIRE(data != nullptr);
  CHECK(reinterpret_cast<std::uintptr_t>(data + (size - values.size() * sizeof(double))) %
            alignof(double) ==
        0);
  {
    const Payload payload(std::make_unique<OwnedBlock>(blocks, data),
                          static_cast<std::uint32_t>(size));
    CHECK(payload.size() == size);
    CHECK(payload.block()->data == data);
    Reader reader(payload.view());
    reader.array_header_exactly(1);
    CHECK(codec<std::vector<double>>::decode(reader) == values);
    CHECK(blocks->warm() == 0);
  }
  CHECK(blocks->warm() >= size);

  Writer small(blocks.get());
  small.string(std::string(1000, 's'));
  CHECK(small.spilled());
  CHECK(small.release() == nullptr);
  {
    Writer dropped(blocks.get());
    dropped.string(std::string(mebi, 'd'));
  }
  CHECK(blocks->warm() >= size);  // it is back
}

TEST_CASE("argument blocks: where the process may not have them, there are none") {
  SUBCASE("files of that length are forbidden") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit tight = before;
    tight.rlim_cur = mebi;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
    ArgumentBlocks none(std::uint64_t{64} * mebi);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    CHECK(none.fd() == -1);
    CHECK(none.take(mebi) == nullptr);
    Writer writer(&none);
    writer.string(std::string(mebi, 'x'));
    CHECK(writer.size() > mebi);
    CHECK(writer.release() == nullptr);
  }
  SUBCASE("a forked copy of the process") {
    ArgumentBlocks blocks(std::uint64_t{64} * mebi);
    char* const before = blocks.take(mebi);
    const pid_t child = ::fork();
    if (child == 0) {
      const bool none = blocks.take(mebi) == nullptr;
      blocks.give_back(before);  // not its to give
      ::_exit(none ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    blocks.give_back(before);
    CHECK(blocks.take(mebi) == before);
    blocks.give_back(before);
  }
}
