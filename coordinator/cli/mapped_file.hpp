// SPDX-License-Identifier: MIT
// mapped_file.hpp - a file of a fixed size in memory: a store into it costs no system call, and
// outlives a killed process (not a power cut).
#pragma once

#include <cstddef>
#include <filesystem>

namespace procfarm::cli {

/// Any thread; who writes what is the owner's business.
class MappedFile {
 public:
  /// Makes the file anew, filled with zeros, mode 0600. Its room is taken at once: a page that the
  /// disk has no room for would be a SIGBUS later. Throws std::system_error with the path.
  MappedFile(std::filesystem::path file, std::size_t size);
  /// Leaves the file, unless remove() was called.
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::byte* data() const { return data_; }
  void remove();

 private:
  std::filesystem::path file_;
  std::size_t size_;
  std::byte* data_ = nullptr;
};

}  // namespace procfarm::cli
