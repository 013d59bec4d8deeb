// SPDX-License-Identifier: MIT
// elf_identity.cpp - asks the dynamic linker, and reads the notes of the file as it is mapped.
#include "elf_identity.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace procfarm {

namespace {

struct Search {
  std::uintptr_t address = 0;  // 0: whatever comes first, which is the program
  bool found = false;
  bool first = true;
  ElfIdentity result;
};

bool contains(const dl_phdr_info& object, std::uintptr_t address) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const auto& segment = object.dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    const std::uintptr_t begin = object.dlpi_addr + segment.p_vaddr;
    if (address >= begin && address - begin < segment.p_memsz) return true;
  }
  return false;
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

/// The build-id among the notes of one segment; empty if it is not there.
std::string build_id_in(const unsigned char* notes, std::size_t size, std::size_t alignment) {
  const auto padded = [&](std::size_t n) { return (n + alignment - 1) / alignment * alignment; };
  std::size_t at = 0;
  while (size - at >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + at, sizeof note);
    const std::size_t name = at + sizeof note;
    const std::size_t description = name + padded(note.n_namesz);
    if (description + note.n_descsz > size) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
        std::memcmp(notes + name, "GNU", 4) == 0) {
      return hexadecimal(notes + description, note.n_descsz);
    }
    at = description + padded(note.n_descsz);
    if (at > size) break;
  }
  return "";
}

std::string build_id(const dl_phdr_info& object) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const auto& segment = object.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const std::size_t alignment = segment.p_align == 8 ? 8 : 4;
    // The linker's map of the process is the only source of this address.
    const auto* const notes =
        reinterpret_cast<const unsigned char*>(object.dlpi_addr + segment.p_vaddr);
    std::string id = build_id_in(notes, segment.p_memsz, alignment);
    if (!id.empty()) return id;
  }
  return "";
}

std::string program_path() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size < 0 ? "the program" : std::string(path, static_cast<std::size_t>(size));
}

int visit(dl_phdr_info* object, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  const bool program = search.first;
  search.first = false;
  if (search.address != 0 && !contains(*object, search.address)) return 0;
  search.found = true;
  search.result.program = program;
  search.result.path = program ? program_path() : object->dlpi_name;
  search.result.build_id = build_id(*object);
  return 1;
}

}  // namespace

ElfIdentity elf_identity(const void* address) {
  Search search;
  search.address = reinterpret_cast<std::uintptr_t>(address);
  if (search.address != 0) dl_iterate_phdr(&visit, &search);
  return search.result;
}

ElfIdentity program_elf_identity() {
  Search search;
  dl_iterate_phdr(&visit, &search);
  return search.result;
}

void keep_loaded(const void* address) noexcept {
  Dl_info info;
  void* object = nullptr;
  if (::dladdr1(address, &info, &object, RTLD_DL_LINKMAP) == 0 || object == nullptr) return;
  const char* const name = static_cast<const link_map*>(object)->l_name;
  if (*name == '\0') return;  // the program
  void* const again = ::dlopen(name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  if (again != nullptr) ::dlclose(again);
}

}  // namespace procfarm
