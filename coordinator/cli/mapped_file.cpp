// SPDX-License-Identifier: MIT
#include "mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace procfarm::cli {

MappedFile::MappedFile(std::filesystem::path file, std::size_t size)
    : file_(std::move(file)), size_(size) {
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  int error = fd < 0 ? errno : ::posix_fallocate(fd, 0, static_cast<off_t>(size));
  if (error == 0) {
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
      error = errno;
    } else {
      data_ = static_cast<std::byte*>(memory);
    }
  }
  if (fd >= 0) ::close(fd);
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "cannot make " + file_.string());
  }
}

MappedFile::~MappedFile() { ::munmap(data_, size_); }

void MappedFile::remove() { ::unlink(file_.c_str()); }

}  // namespace procfarm::cli
