// SPDX-License-Identifier: MIT
// result_sender.cpp - see result_sender.hpp.
#include "result_sender.hpp"

#include <algorithm>
#include <thread>

namespace procfarm::serving {

using namespace std::chrono_literals;

void ResultSender::send(const wire::ResultRecord& record, std::string_view bytes,
                        bool more_follow) {
  while (!results_.write(record, bytes)) wait_for_room();
  patience_ = 0us;
  ring(more_follow);
}

bool ResultSender::add_value(const wire::ResultRecord& attempt, std::string_view value) {
  while (!results_.append(value)) {
    if (has_values()) {
      close_values(attempt, wire::ResultKind::values);
      ring(true);
    } else if (value.size() > wire::inline_result_limit) {
      return false;
    } else {
      wait_for_room();
    }
  }
  return true;
}

void ResultSender::close_values(const wire::ResultRecord& attempt, wire::ResultKind kind) {
  wire::ResultRecord record = attempt;
  record.kind = kind;
  while (!results_.close(record)) wait_for_room();
  patience_ = 0us;
}

void ResultSender::ring(bool more_follow) {
  if (bell_.ring(more_follow)) ++pauses_;
}

void ResultSender::wait_for_room() {
  ring(false);
  ++pauses_;
  patience_ = std::clamp<std::chrono::microseconds>(patience_ * 2, 20us, 2000us);
  std::this_thread::sleep_for(patience_);
}

}  // namespace procfarm::serving
