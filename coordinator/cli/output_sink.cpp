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
  const std::uint32_t task = attempt.key.instance.task;
  if (!options_.keep_order || task < first_open_) {
    print(attempt);
    return;
  }
  hold(std::move(attempt));
  if (task == first_open_) print_next();
}

void OutputSink::tasks_ended(std::uint32_t before) {
  first_open_ = before;
  while (!orders_.empty() && orders_.begin()->first < before) {
    print_all(orders_.begin()->second);
    orders_.erase(orders_.begin());
  }
  print_next();
}

bool OutputSink::is_next(const InstanceKey& instance) const {
  if (instance.task != first_open_) return false;
  const auto order = orders_.find(first_open_);
  return instance.index == (order == orders_.end() ? 0 : order->second.next);
}

/// Of the task whose turn it is, as far as its instances have ended without a gap.
void OutputSink::print_next() {
  const auto found = orders_.find(first_open_);
  if (found == orders_.end()) return;
  Order& order = found->second;
  auto first = order.waiting.begin();
  while (first != order.waiting.end() && first->first == order.next) {
    print_held(first->second);
    first = order.waiting.erase(first);
    ++order.next;
  }
}

void OutputSink::print_all(Order& order) {
  for (auto& [index, held] : order.waiting) print_held(held);
}

void OutputSink::hold(ShownAttempt&& attempt) {
  const InstanceKey instance = attempt.key.instance;
  const std::size_t bytes = bytes_of(attempt);
  Held held;
  if (bytes > 0 && !is_next(instance) && reload_ && held_ + bytes > options_.memory_limit) {
    if (attempt.out) attempt.out.emplace();
    if (attempt.err) attempt.err.emplace();
    held.shortened = true;
  }
  held_ += bytes_of(attempt);
  if (bytes > 0) held.attempt = std::make_unique<ShownAttempt>(std::move(attempt));
  orders_[instance.task].waiting.emplace(instance.index, std::move(held));
}

void OutputSink::print_held(Held& held) {
  if (!held.attempt) return;
  held_ -= bytes_of(*held.attempt);
  if (held.shortened) reload_(*held.attempt);
  print(*held.attempt);
}

void OutputSink::finish() {
  for (auto& [task, order] : orders_) print_all(order);
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
