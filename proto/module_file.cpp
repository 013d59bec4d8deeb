// SPDX-License-Identifier: MIT
// module_file.cpp - refuses what is no module, or what others could change.
#include "module_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <procfarm/wire/unique_fd.hpp>

namespace procfarm {

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
  throw ModuleError(path + ": " + reason);
}

/// Others could put something else there. In a sticky directory they cannot.
bool open_to_all(const struct stat& file) {
  const bool sticky_directory = S_ISDIR(file.st_mode) && (file.st_mode & S_ISVTX) != 0;
  return (file.st_mode & S_IWOTH) != 0 && !sticky_directory;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Whether this program is for the same kind of machine; if it cannot tell, the loader will.
bool for_this_machine(const ElfW(Ehdr) & header) {
  ElfW(Ehdr) own;
  const wire::UniqueFd fd(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (!fd || pread(fd.get(), &own, sizeof own, 0) != sizeof own) return true;
  return header.e_ident[EI_CLASS] == own.e_ident[EI_CLASS] &&
         header.e_ident[EI_DATA] == own.e_ident[EI_DATA] && header.e_machine == own.e_machine;
}

/// An executable names its interpreter; a library does not.
bool names_interpreter(int fd, const ElfW(Ehdr) & header) {
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment;
    const auto at = static_cast<off_t>(header.e_phoff + i * sizeof segment);
    if (pread(fd, &segment, sizeof segment, at) != sizeof segment) return false;
    if (segment.p_type == PT_INTERP) return true;
  }
  return false;
}

}  // namespace

ModuleKind module_kind(const std::string& path) {
  // O_NONBLOCK: the path may be a FIFO that nobody writes to.
  const wire::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat file;
  struct stat directory;
  if (fd.get() < 0 || fstat(fd.get(), &file) != 0) refuse(path, std::strerror(errno));
  if (!S_ISREG(file.st_mode)) refuse(path, "is not a regular file");
  if (open_to_all(file)) refuse(path, "is writable for everyone; chmod o-w it");
  const std::string parent = directory_of(path);
  if (stat(parent.c_str(), &directory) != 0) refuse(parent, std::strerror(errno));
  if (open_to_all(directory)) {
    refuse(path, "its directory " + parent + " is writable for everyone; chmod o-w it");
  }
  ElfW(Ehdr) header;
  if (pread(fd.get(), &header, sizeof header, 0) != sizeof header ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    refuse(path, "is neither a shared library nor a program (no ELF file)");
  }
  if (!for_this_machine(header)) refuse(path, "is built for another kind of machine");
  if (header.e_type == ET_EXEC) return ModuleKind::program;
  if (header.e_type != ET_DYN) refuse(path, "is an ELF file that cannot be loaded; link it");
  return names_interpreter(fd.get(), header) ? ModuleKind::program : ModuleKind::library;
}

bool is_running_program(const std::string& path) {
  struct stat file;
  struct stat program;
  return stat(path.c_str(), &file) == 0 && stat("/proc/self/exe", &program) == 0 &&
         file.st_dev == program.st_dev && file.st_ino == program.st_ino;
}

}  // namespace procfarm
