// SPDX-License-Identifier: MIT
// capture.hpp - a worker's standard output or error as a file of memory: nobody blocks on it,
// nothing is lost when the worker dies. The driver forwards it line by line and keeps the tail.
// Driver thread only.
#pragma once

#include <cstdint>
#include <string>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm {

class CapturedStream {
 public:
  /// A new, empty stream. `forward_to`: the descriptor that whole lines are copied to, -1: none.
  /// Throws std::system_error.
  explicit CapturedStream(int forward_to);

  /// What the worker gets as its descriptor; appends.
  int fd() const { return fd_.get(); }
  /// Takes in what has been written since the last call and gives its memory back.
  void drain();
  /// Also forwards a last line without an end. After the worker's death.
  void finish();
  /// The last lines, at most some KiB.
  const std::string& tail() const { return tail_; }

 private:
  void take(const char* data, std::size_t size);
  void forward(std::string_view bytes);

  wire::UniqueFd fd_;
  int forward_to_;
  std::int64_t read_ = 0;
  std::string line_;  // begun, not forwarded yet
  std::string tail_;
};

}  // namespace procfarm
