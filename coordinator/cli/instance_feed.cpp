// SPDX-License-Identifier: MIT
// instance_feed.cpp - which data may block, and the walk to an index.
#include "instance_feed.hpp"

#include <sys/stat.h>

#include <fmt/format.h>
#include <stdexcept>
#include <utility>

namespace procfarm::cli {
namespace {

constexpr int most_rows_at_once = 4096;

bool may_block(const Job& job, const TaskSpec& task) {
  if (!task.data || task.data->path.empty()) return false;
  if (task.data->kind == ForeachKind::glob) return false;
  if (task.data->path == "-") return true;
  struct stat status {};
  const std::string path = job.absolute(task.data->path);
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

InstanceFeed::InstanceFeed(std::shared_ptr<const Job> job, std::shared_ptr<const TaskSpec> task,
                           bool keeps, std::function<void()> arrived)
    : keeps_(keeps), arrived_(std::move(arrived)) {
  const auto stream = std::make_shared<InstanceStream>(*job, *task);
  count_ = stream->count();
  const bool blocks = may_block(*job, *task);
  if (!blocks && !keeps) droppable_ = stream;
  // The thread that reads may outlive us: it owns what the stream refers to.
  auto read = [stream, job = std::move(job), task = std::move(task)] { return stream->next(); };
  rows_ = blocks ? std::make_unique<ReadAhead<Instance>>(std::move(read), arrived_)
                 : std::make_unique<ReadAhead<Instance>>(std::move(read));
}

InstanceFeed::Answer InstanceFeed::take(std::uint64_t index) {
  const auto kept = passed_over_.find(index);
  if (kept != passed_over_.end()) {
    Answer answer{State::instance, std::move(kept->second)};
    passed_over_.erase(kept);
    return answer;
  }
  // Its row is gone, and "there is no such row" would be a lie that is waited for in vain.
  if (index < next_) {
    throw std::logic_error(fmt::format("row {} was passed over and is not kept", index));
  }
  if (droppable_ && next_ < index) {
    const std::uint64_t passed = droppable_->discard(index - next_);
    if (passed == 0) return {State::end, std::nullopt, next_};
    next_ += passed;
    if (next_ < index) return put_off();
  }
  for (int rows = 0; rows < most_rows_at_once; ++rows) {
    ReadAhead<Instance>::Answer row = rows_->take();
    if (row.state == ReadAhead<Instance>::State::later) return {State::later, std::nullopt};
    if (row.state == ReadAhead<Instance>::State::end) return {State::end, std::nullopt, next_};
    const std::uint64_t read = next_++;
    if (read == index) return {State::instance, std::move(row.item)};
    if (keeps_) passed_over_.emplace(read, std::move(*row.item));
  }
  return put_off();
}

/// The way is long: the caller has other things to do as well.
InstanceFeed::Answer InstanceFeed::put_off() const {
  arrived_();
  return {State::later, std::nullopt};
}

std::optional<std::uint64_t> InstanceFeed::find_end() {
  ReadAhead<Instance>::Answer row = rows_->take();
  if (row.state == ReadAhead<Instance>::State::end) return next_;
  if (row.state == ReadAhead<Instance>::State::item) {
    passed_over_.emplace(next_++, std::move(*row.item));
  }
  return std::nullopt;
}

}  // namespace procfarm::cli
