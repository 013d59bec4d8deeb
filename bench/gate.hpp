// SPDX-License-Identifier: MIT
// gate.hpp - holds tasks in workers until the probe lets them go: a named pipe without a writer.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace bench {

/// One thread at a time.
class Gate {
 public:
  Gate() {
    std::string name = "/tmp/procfarm-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory_ = name;
    if (::mkfifo(path().c_str(), 0600) != 0) throw std::runtime_error("mkfifo failed");
  }
  ~Gate() {
    if (writer_ >= 0) ::close(writer_);
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  std::string path() const { return directory_ + "/gate"; }
  /// For good: also tasks that come to the gate later pass.
  void open() {
    if (writer_ < 0) writer_ = ::open(path().c_str(), O_RDWR | O_CLOEXEC);
  }

 private:
  std::string directory_;
  int writer_ = -1;
};

/// The task: returns when the gate at `path` is open.
inline std::uint64_t pass_gate(const std::string& path) {
  const int pipe = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (pipe < 0) throw std::runtime_error("no gate");
  ::close(pipe);
  return 1;
}

}  // namespace bench
