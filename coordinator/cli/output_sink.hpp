// SPDX-License-Identifier: MIT
// output_sink.hpp - prints what tasks wrote: each task's output as one block, when the task is
// recorded as done or, with -k, when all before it were. Blocks never interleave.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
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

  /// Nothing more comes: prints what still waits for instances that never ran.
  void finish();

 private:
  struct Held {
    ShownAttempt attempt{};
    bool shortened = false;  // its texts must be loaded again
  };
  struct Order {
    std::uint64_t next = 0;
    std::map<std::uint64_t, Held> waiting{};
  };

  void print(const ShownAttempt& attempt);
  void write_block(OutputStream& stream, const std::string& block, const std::string& tag);
  void hold(Order& order, ShownAttempt attempt);
  void print_held(Held& held);

  OutputStream& out_;
  OutputStream& err_;
  OutputSinkOptions options_;
  Reload reload_;
  std::map<std::uint32_t, Order> orders_;  // of each task
  std::size_t held_ = 0;
};

}  // namespace procfarm::cli
