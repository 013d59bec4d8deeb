// SPDX-License-Identifier: MIT
// run_directory.cpp - names, folders and the lock. The lock is an open file description lock: it
// can be asked for without being taken, and works on network file systems.
#include "run_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <ctime>
#include <random>
#include <system_error>

namespace procfarm::cli {
namespace {

constexpr std::size_t time_part = 15;  // 20260311-142530
constexpr unsigned last_suffix = 0xfff;

std::string time_text(TimePoint now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

bool is_run_id(std::string_view text) {
  if (text.size() < time_part + 4 || text[8] != '-' || text[time_part] != '-') return false;
  const auto hexadecimal = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return std::all_of(text.begin() + time_part + 1, text.end(), hexadecimal) &&
         std::all_of(text.begin(), text.begin() + 8, [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> run_ids(const std::filesystem::path& folder) {
  std::vector<std::string> ids;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (is_run_id(name)) ids.push_back(std::move(name));
  }
  std::sort(ids.begin(), ids.end(), std::greater<>());
  return ids;
}

/// The id that sorts right after `id`, in the same second.
std::string next_id(const std::string& id) {
  unsigned suffix = 0;
  const char* first = id.data() + time_part + 1;
  std::from_chars(first, id.data() + id.size(), suffix, 16);
  if (id.size() != time_part + 4 || suffix >= last_suffix) return id + "0";
  return fmt::format("{}-{:03x}", id.substr(0, time_part), suffix + 1);
}

std::string first_id(TimePoint now, const std::vector<std::string>& existing) {
  std::random_device random;
  std::string id = fmt::format("{}-{:03x}", time_text(now), random() % (last_suffix / 2));
  return existing.empty() || id > existing.front() ? id : next_id(existing.front());
}

std::string why_not(std::string_view what, const std::filesystem::path& path, int cause) {
  return fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(cause));
}

void make_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    throw RunError(why_not("make the directory", folder, errno));
  }
}

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

int read_pid(int fd) {
  std::array<char, 32> text{};
  const ssize_t count = ::pread(fd, text.data(), text.size() - 1, 0);
  int pid = 0;
  if (count > 0) std::from_chars(text.data(), text.data() + count, pid);
  return pid;
}

}  // namespace

std::filesystem::path runs_folder(const std::filesystem::path& base) {
  return base / ".procfarm" / "runs";
}

RunDirectory create_run_directory(const std::filesystem::path& base, TimePoint now) {
  const std::filesystem::path folder = runs_folder(base);
  make_folder(folder.parent_path());
  make_folder(folder);
  std::string id = first_id(now, run_ids(folder));
  while (::mkdir((folder / id).c_str(), 0700) != 0) {
    if (errno != EEXIST) throw RunError(why_not("make the directory", folder / id, errno));
    id = next_id(id);
  }
  return RunDirectory{folder / id};
}

void sync_run_directory(const RunDirectory& run) {
  std::filesystem::path folder = run.path;
  for (int i = 0; i < 4; ++i) {  // the run, runs, .procfarm, and the base
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    const int cause = errno;
    if (fd >= 0) ::close(fd);
    if (!synced) throw RunError(why_not("sync the directory", folder, cause));
    folder = folder.parent_path();
  }
}

std::vector<RunDirectory> list_runs(const std::filesystem::path& base) {
  const std::filesystem::path folder = runs_folder(base);
  std::error_code unreadable;
  const std::filesystem::directory_iterator first(folder, unreadable);
  if (unreadable && unreadable != std::errc::no_such_file_or_directory) {
    throw RunError(why_not("read", folder, unreadable.value()));
  }
  std::vector<RunDirectory> runs;
  for (const std::string& id : run_ids(folder)) {
    RunDirectory run{folder / id};
    std::error_code error;
    if (std::filesystem::exists(run.database(), error)) runs.push_back(std::move(run));
  }
  return runs;
}

RunDirectory find_run(const std::filesystem::path& base, std::string_view wanted) {
  if (wanted.find('/') != std::string_view::npos) {
    const std::filesystem::path path = std::filesystem::path(wanted).lexically_normal();
    return RunDirectory{path.has_filename() ? path : path.parent_path()};
  }
  const std::vector<RunDirectory> runs = list_runs(base);
  if (runs.empty()) {
    throw RunError(fmt::format(
        "no runs in {}: start one with 'procfarm run JOB', or name another directory with --dir",
        runs_folder(base).string()));
  }
  if (wanted.empty() || wanted == "last") return runs.front();
  for (const RunDirectory& run : runs) {
    if (run.id().starts_with(wanted)) return run;
  }
  throw RunError(fmt::format("no run '{}' in {}: 'procfarm runs' lists those there are", wanted,
                             runs_folder(base).string()));
}

RunLock::RunLock(const RunDirectory& directory) {
  const std::filesystem::path file = directory.lock_file();
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) throw RunError(why_not("open", file, errno));
  struct flock lock = whole_file();
  if (::fcntl(fd_, F_OFD_SETLK, &lock) != 0) {
    const int cause = errno;
    const int pid = read_pid(fd_);
    ::close(fd_);
    if (cause != EAGAIN && cause != EACCES) throw RunError(why_not("lock", file, cause));
    throw RunError(
        fmt::format("run {} is in use by pid {}: wait for it, or end it", directory.id(), pid));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd_, 0) != 0 ||
      ::pwrite(fd_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const int cause = errno;
    ::close(fd_);
    throw RunError(why_not("write", file, cause));
  }
}

RunLock::~RunLock() { ::close(fd_); }

std::optional<int> run_lock_holder(const RunDirectory& directory) {
  const int fd = ::open(directory.lock_file().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::nullopt;
  struct flock lock = whole_file();
  const bool held = ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  const std::optional<int> pid = held ? std::optional<int>(read_pid(fd)) : std::nullopt;
  ::close(fd);
  return pid;
}

}  // namespace procfarm::cli
