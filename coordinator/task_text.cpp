// SPDX-License-Identifier: MIT
// task_text.cpp - see task_text.hpp.
#include "task_text.hpp"

#include <unistd.h>

#include <array>
#include <atomic>

#include <fmt/core.h>

#include "shared_options.hpp"

namespace procfarm {
namespace {

/// From the steady clock to the wall's. One for all stamps, or their order would depend on when
/// they are asked for; made anew only when the wall clock has been set.
Duration wall_offset() {
  const auto read = [] {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<Duration>(wall).count() - steady_now();
  };
  static std::atomic<std::int64_t> kept{read()};
  const std::int64_t offset = read();
  if (std::chrono::abs(Duration(offset - kept)) > std::chrono::seconds(1)) kept = offset;
  return Duration(kept);
}

/// Of a chunk: the item behind its values.
std::uint64_t id_of(const detail::FutureState& state) {
  const detail::Chunk* chunk = state.chunk();
  return chunk == nullptr ? state.id : state.id + chunk->done;
}

}  // namespace

const std::string& host_name() {
  static const auto* name = [] {
    std::array<char, 256> buffer{};
    if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return new std::string("localhost");
    return new std::string(buffer.data());
  }();
  return *name;
}

TaskRef task_ref(const detail::FutureState& state) {
  TaskRef ref;
  ref.id = std::to_string(id_of(state));
  ref.name = state.options->task.name;
  const detail::Annex* annex = state.known_annex();
  if (annex == nullptr) return ref;
  ref.attempt = annex->attempt;
  ref.pid = annex->pid;
  if (annex->pid != 0) ref.host = host_name();
  return ref;
}

std::string task_text(const detail::FutureState& state) {
  const std::string& name = state.options->task.name;
  return name.empty() ? fmt::format("task {}", id_of(state))
                      : fmt::format("task '{}' (id {})", name, id_of(state));
}

std::int64_t steady_now() {
  return std::chrono::steady_clock::now().time_since_epoch() / Duration(1);
}

TimePoint wall_time(std::int64_t steady) {
  return TimePoint(
      std::chrono::duration_cast<TimePoint::duration>(Duration(steady) + wall_offset()));
}

TaskInfo settled_info(const detail::FutureState& state) {
  TaskInfo info;
  info.id = std::to_string(state.id);
  info.name = state.options->task.name;
  info.submitted = wall_time(state.submitted);
  const detail::Annex* annex = state.known_annex();
  if (!state.done() || annex == nullptr) return info;
  info.attempts = annex->attempt;
  info.pid = annex->pid;
  if (annex->pid != 0) info.host = host_name();
  const detail::AttemptFigures& figures = annex->figures;
  if (figures.started != 0) {
    info.started = wall_time(figures.started);
    info.finished = wall_time(figures.started + figures.took);
    info.cpu_time = Duration(figures.cpu >= 0 ? figures.cpu : figures.took);
    info.peak_memory = figures.peak_memory;
  }
  const bool succeeded = state.outcome == detail::OutcomeKind::value ||
                         state.outcome == detail::OutcomeKind::local_value;
  if (succeeded) info.progress = 1;
  return info;
}

}  // namespace procfarm
