// SPDX-License-Identifier: MIT
// run_reader.cpp - any bytes as the database of a run: shown as far as they go, or refused; never
// changed.
#include "input.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <SQLiteCpp/Exception.h>

#include "coordinator/cli/run_reader.hpp"

using namespace procfarm::cli;

namespace {

/// Below /dev/shm where there is one: it is written a thousand times a second.
struct Directory {
  Directory() {
    std::string name =
        (std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp") + std::string("/fuzz-XXXXXX");
    fuzz::expect(::mkdtemp(name.data()) != nullptr, "a directory can be made");
    path = name;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

void read_all(const RunDirectory& directory) {
  RunReader reader(directory);
  (void)reader.summary();
  (void)reader.tasks();
  (void)reader.running(10);
  (void)reader.failures(10, 100);
  (void)reader.attempts({0, 0});
  RunSelection all;
  reader.visit_outputs(all, [](const RecordedAttempt&) {});
  reader.visit_results(all, [](const RecordedResult&) {});
  reader.visit_instances([](const EarlierInstance&) {});
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Directory base;
  const RunDirectory directory{base.path};
  const std::string bytes(fuzz::text(data, size));
  std::ofstream(directory.database(), std::ios::binary | std::ios::trunc) << bytes;
  try {
    read_all(directory);
  } catch (const RunError&) {
  } catch (const SQLite::Exception&) {
  }
  std::ifstream after(directory.database(), std::ios::binary);
  fuzz::expect(std::string(std::istreambuf_iterator<char>(after), {}) == bytes,
               "a database is not changed by being read");
  return 0;
}
