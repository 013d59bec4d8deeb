// SPDX-License-Identifier: MIT
// output_sink.hpp - prints what instances wrote: each one's output as a block, when it is recorded
// as done or, with -k, when all before it were: task by task in the order of the job, the instances
// of a task by their index. Blocks never interleave.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "output_stream.hpp"
#include "shown_attempt.hpp"

namespace procfarm::cli {

struct OutputSinkOptions {
  bool keep_order = false;
  bool tag = false;
  std::size_t memory_limit = 32U * 1024U * 1024U;  // of what waits; beyond it blocks are reloaded
};

/// One thread at a time.
class OutputSink {
 public:
  /// Fills `out` and `err`, where they are set, again from where they are kept. May be empty: then
  /// everything that waits is held in memory.
  using Reload = std::function<void(ShownAttempt&)>;

  OutputSink(OutputStream& out, OutputStream& err, OutputSinkOptions options, Reload reload);

  /// Takes the settled instance's output; prints what may be printed. Every settled instance is
  /// told, also one without output: those after it wait for it.
  void settled(ShownAttempt&& attempt);

  /// Nothing more comes of the tasks before this one; those from it on wait for it no longer, but
  /// for each other.
  void tasks_ended(std::uint32_t before);

  /// Nothing more comes: prints what still waits for instances that never ran.
  void finish();

 private:
  struct Held {
    std::unique_ptr<ShownAttempt> attempt{};  // null: it has nothing to print
    bool shortened = false;                   // its texts must be loaded again
  };
  struct Order {
    std::uint64_t next = 0;
    std::map<std::uint64_t, Held> waiting{};
  };

  bool is_next(const InstanceKey& instance) const;
  void print_next();
  void print_all(Order& order);
  void print(const ShownAttempt& attempt);
  void write_block(OutputStream& stream, const std::string& block, const std::string& tag);
  void hold(ShownAttempt&& attempt);
  void print_held(Held& held);

  OutputStream& out_;
  OutputStream& err_;
  OutputSinkOptions options_;
  Reload reload_;
  std::map<std::uint32_t, Order> orders_;  // of each task that has said something
  std::uint32_t first_open_ = 0;           // the task whose turn it is
  std::size_t held_ = 0;
};

}  // namespace procfarm::cli
