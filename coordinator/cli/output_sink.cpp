// SPDX-License-Identifier: MIT
// output_sink.cpp - the order of blocks, and the memory that waiting ones may take.
#include "output_sink.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "diagnostic.hpp"

namespace procfarm::cli {
namespace {

std::size_t bytes_of(const ShownAttempt& attempt) {
  return (attempt.out ? attempt.out->size() : 0) + (attempt.err ? attempt.err->size() : 0);
}

}  // namespace

OutputSink::OutputSink(OutputStream& out, OutputStream& err, OutputSinkOptions options,
                       Reload reload)
    : out_(out), err_(err), options_(options), reload_(std::move(reload)) {}

void OutputSink::settled(ShownAttempt&& attempt) {
  if (!options_.keep_order) {
    print(attempt);
    return;
  }
  Order& order = orders_[attempt.key.instance.task];
  hold(order, std::move(attempt));
  auto first = order.waiting.begin();
  while (first != order.waiting.end() && first->first == order.next) {
    print_held(first->second);
    first = order.waiting.erase(first);
    ++order.next;
  }
}

void OutputSink::hold(Order& order, ShownAttempt attempt) {
  const std::uint64_t index = attempt.key.instance.index;
  Held held{.attempt = std::move(attempt)};
  const std::size_t bytes = bytes_of(held.attempt);
  if (index != order.next && reload_ && bytes > 0 && held_ + bytes > options_.memory_limit) {
    if (held.attempt.out) held.attempt.out.emplace();
    if (held.attempt.err) held.attempt.err.emplace();
    held.shortened = true;
  }
  held_ += bytes_of(held.attempt);
  order.waiting.emplace(index, std::move(held));
}

void OutputSink::print_held(Held& held) {
  held_ -= bytes_of(held.attempt);
  if (held.shortened) reload_(held.attempt);
  print(held.attempt);
}

void OutputSink::finish() {
  for (auto& [task, order] : orders_) {
    for (auto& [index, held] : order.waiting) print_held(held);
  }
  orders_.clear();
  out_.flush();
}

void OutputSink::print(const ShownAttempt& attempt) {
  const std::string tag =
      options_.tag ? escape_control(attempt.label.empty() ? attempt.name : attempt.label) + "\t"
                   : std::string();
  if (attempt.print_out && attempt.out && !attempt.out->empty())
    write_block(out_, *attempt.out, tag);
  if (attempt.print_err && attempt.err && !attempt.err->empty())
    write_block(err_, *attempt.err, tag);
}

void OutputSink::write_block(OutputStream& stream, const std::string& block,
                             const std::string& tag) {
  if (tag.empty()) {
    stream.write(block);
  } else {
    std::string_view rest = block;
    while (!rest.empty()) {
      const std::size_t size = std::min(rest.find('\n'), rest.size() - 1) + 1;
      stream.write(tag);
      stream.write(rest.substr(0, size));
      rest.remove_prefix(size);
    }
  }
  // A status line must not begin behind an unfinished line; into a file the bytes go as they are.
  if (block.back() != '\n' && (!tag.empty() || stream.is_terminal())) stream.write("\n");
  stream.flush();
}

}  // namespace procfarm::cli
