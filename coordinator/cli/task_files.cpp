// SPDX-License-Identifier: MIT
// task_files.cpp - temporary names are hidden, tell the attempt and our pid, and are never shared.
#include "task_files.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <system_error>
#include <utility>

#include "output_stream.hpp"

namespace procfarm::cli {
namespace {

namespace fs = std::filesystem;

constexpr mode_t file_mode = 0666;  // the umask takes from it

/// Of this process, and of no other that had its number: in a container all runs have the same.
const std::string& process_mark() {
  static const std::string mark =
      fmt::format("{}-{:08x}", ::getpid(), static_cast<std::uint32_t>(std::random_device{}()));
  return mark;
}

std::string temporary_name(const std::string& path, int attempt) {
  const fs::path target(path);
  std::string name = target.filename().string();
  // With our marks a long name would be too long.
  constexpr std::size_t longest = 200;
  if (name.size() > longest && name.size() <= NAME_MAX) {
    name = fmt::format("{}{:016x}", name.substr(0, longest / 2), std::hash<std::string>{}(name));
  }
  return target.parent_path() / fmt::format(".{}.{}.{}.part", name, process_mark(), attempt);
}

/// A pipe that nobody reads would be waited for.
int open_pipe(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 && errno == ENXIO) {
    throw std::system_error(ENXIO, std::generic_category(), path + ": nobody reads this FIFO");
  }
  return fd;
}

/// Why the file could not be longer, or 0. It stays as it is.
int error_of_one_more_byte(int fd) {
  struct stat status {};
  rlimit limit{};
  if (::fstat(fd, &status) != 0 || ::getrlimit(RLIMIT_FSIZE, &limit) != 0) return errno;
  // Writing beyond the limit would be answered by a signal.
  if (static_cast<rlim_t>(status.st_size) >= limit.rlim_cur) return EFBIG;
  if (::pwrite(fd, "", 1, status.st_size) != 1) return errno;
  return ::ftruncate(fd, status.st_size) == 0 ? 0 : errno;
}

/// Paths that exist, with their times; nothing if one does not.
std::optional<std::vector<fs::file_time_type>> times_of(const std::vector<std::string>& paths) {
  std::vector<fs::file_time_type> times;
  for (const std::string& path : paths) {
    std::error_code error;
    times.push_back(fs::last_write_time(path, error));
    if (error) return std::nullopt;
  }
  return times;
}

}  // namespace

FileTarget::FileTarget(std::string path, int attempt)
    : path_(std::move(path)), temporary_(temporary_name(path_, attempt)) {
  // A device or a pipe is written as it is: there is no half of it to hide.
  struct stat status {};
  if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    temporary_ = std::exchange(path_, {});
    if (S_ISDIR(status.st_mode)) {
      throw std::system_error(EISDIR, std::generic_category(), std::exchange(temporary_, {}));
    }
    if (S_ISFIFO(status.st_mode)) pipe_ = open_pipe(temporary_);
    return;
  }
  std::error_code error;
  fs::create_directories(fs::path(path_).parent_path(), error);
  if (error) throw std::system_error(error, path_);
  const int fd =
      ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, file_mode);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), path_);
  ::close(fd);
}

FileTarget::FileTarget(FileTarget&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      temporary_(std::exchange(other.temporary_, {})),
      pipe_(std::exchange(other.pipe_, -1)) {}

FileTarget& FileTarget::operator=(FileTarget&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  std::swap(pipe_, other.pipe_);
  return *this;
}

FileTarget::~FileTarget() {
  if (pipe_ >= 0) ::close(pipe_);
  if (!temporary_.empty() && !path_.empty()) ::unlink(temporary_.c_str());
}

void FileTarget::check_written() const {
  if (path_.empty()) return;
  const int fd = ::open(temporary_.c_str(), O_WRONLY | O_CLOEXEC);
  const int error = fd < 0 ? errno : error_of_one_more_byte(fd);
  if (fd >= 0) ::close(fd);
  if (error == 0) return;
  throw std::system_error(error, std::generic_category(),
                          path_ + ": what was printed may be cut short");
}

void FileTarget::publish() {
  if (path_.empty()) return;
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    throw std::system_error(errno, std::generic_category(), path_);
  }
  temporary_.clear();
}

void write_file(const std::string& path, const std::string& bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), path);
  OutputStream out(fd);
  out.write(bytes);
  out.flush();
  if (::close(fd) != 0 || out.error() != 0) {
    throw std::system_error(out.error() != 0 ? out.error() : errno, std::generic_category(), path);
  }
}

std::string file_tail(const std::string& path, std::size_t most) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<std::size_t>(file.tellg());
  std::string tail(std::min(size, most), '\0');
  file.seekg(-static_cast<std::streamoff>(tail.size()), std::ios::end);
  file.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  return tail;
}

std::optional<std::string> first_missing(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error)) return path;
  }
  return std::nullopt;
}

bool is_up_to_date(SkipIf rule, const Resolved& resolved) {
  if (rule == SkipIf::never || resolved.outputs.empty()) return false;
  const auto outputs = times_of(resolved.outputs);
  if (!outputs) return false;
  if (rule == SkipIf::outputs_exist) return true;
  const auto inputs = times_of(resolved.inputs);
  if (!inputs) return false;
  const auto oldest = *std::min_element(outputs->begin(), outputs->end());
  return std::all_of(inputs->begin(), inputs->end(),
                     [oldest](const fs::file_time_type& time) { return time <= oldest; });
}

}  // namespace procfarm::cli
