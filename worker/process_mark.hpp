// SPDX-License-Identifier: MIT
// process_mark.hpp - whether this is still the process that it was: a task may fork, and the copy
// must not go on as a second worker of the same seat. Cheap enough to ask after each task.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

namespace procfarm::serving {

/// Tells this process from a copy that a task has forked: in there the page is empty.
class ProcessMark {
 public:
  ProcessMark() {
    void* const page =
        ::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || ::madvise(page, sizeof(int), MADV_WIPEONFORK) != 0) return;
    mark_ = static_cast<volatile int*>(page);
    *mark_ = 1;
  }
  bool is_copy() const { return mark_ != nullptr ? *mark_ == 0 : ::getpid() != pid_; }

 private:
  volatile int* mark_ = nullptr;
  pid_t pid_ = ::getpid();
};

}  // namespace procfarm::serving
