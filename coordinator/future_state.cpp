// SPDX-License-Identifier: MIT
// future_state.cpp - settling, waiting and telling.
#include "future_state.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <stdexcept>

#include <fmt/core.h>

#include <procfarm/wire/chunk.hpp>

#include "shared_options.hpp"
#include "state_slab.hpp"

namespace procfarm {
namespace {

/// All hosts by number; none has 0.
struct Hosts {
  std::mutex mutex{};
  std::uint16_t last = 0;
  std::array<std::atomic<TaskHost*>, 65'536> all{};
};
constinit Hosts hosts;

std::uint16_t enter_host(TaskHost& host) {
  const std::lock_guard lock(hosts.mutex);
  for (std::size_t tries = 0; tries < hosts.all.size(); ++tries) {
    if (++hosts.last == 0 || hosts.all[hosts.last].load(std::memory_order_relaxed)) continue;
    hosts.all[hosts.last].store(&host, std::memory_order_release);
    return hosts.last;
  }
  throw std::length_error("there are 65,535 executors in this process already");
}

}  // namespace

TaskHost::TaskHost() : number_(enter_host(*this)) {}
TaskHost::~TaskHost() { hosts.all[number_].store(nullptr, std::memory_order_release); }
TaskHost* TaskHost::at(std::uint16_t number) {
  return hosts.all[number].load(std::memory_order_acquire);
}

namespace detail {
namespace {

constexpr std::size_t stripe_count = 64;

std::array<StateLocks::Stripe, stripe_count>& stripes() {
  // Never destroyed: futures may be used by static destructors.
  static auto* all = new std::array<StateLocks::Stripe, stripe_count>;
  return *all;
}

/// What `at` points to; the first who asks makes it.
template <class T>
T& made_once(std::atomic<T*>& at) {
  T* there = at.load(std::memory_order_acquire);
  if (there != nullptr) return *there;
  auto fresh = std::make_unique<T>();
  if (at.compare_exchange_strong(there, fresh.get(), std::memory_order_acq_rel)) {
    return *fresh.release();
  }
  return *there;
}

void run_callback(const std::function<void()>& callback) {
  try {
    callback();
  } catch (const std::exception& error) {
    fmt::print(stderr, "procfarm: a callback of a future threw: {}\n", error.what());
  } catch (...) {
    fmt::print(stderr, "procfarm: a callback of a future threw something unknown\n");
  }
}

}  // namespace

StateLocks::Stripe& StateLocks::of(const FutureState* state) {
  const auto address = reinterpret_cast<std::uintptr_t>(state);
  return stripes()[(address >> 6 ^ address >> 14) % stripe_count];
}

void StateLocks::barrier() {
  for (Stripe& stripe : stripes()) std::lock_guard passed(stripe.mutex);
}

void retain(FutureState* state) noexcept {
  if (state != nullptr) state->references_.fetch_add(1, std::memory_order_relaxed);
}

void release(FutureState* state) noexcept {
  if (state == nullptr) return;
  // Who holds the only one shares it with nobody: no need for a locked instruction.
  const bool last = state->references_.load(std::memory_order_acquire) == 1 ||
                    state->references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  if (last) delete state;
}

static_assert(sizeof(FutureState) <= state_place_size && sizeof(Annex) <= state_place_size);
void* FutureState::operator new(std::size_t size) { return take_state_place(size); }
void FutureState::operator delete(void* place) noexcept { free_state_place(place); }
void* Annex::operator new(std::size_t size) { return take_state_place(size); }
void Annex::operator delete(void* place) noexcept { free_state_place(place); }

FutureState::FutureState(std::uint64_t task, TaskHost& task_host, const SharedOptions& task_options,
                         std::uint32_t references)
    : id(task), options(&task_options), host_(task_host.number()), references_(references) {
  task_options.retain();
}

FutureState::~FutureState() {
  options->release();
  delete annex_.load(std::memory_order_acquire);
}

Annex::~Annex() { delete extension.load(std::memory_order_acquire); }

TaskHost& FutureState::host() const { return *TaskHost::at(host_); }

bool FutureState::is_of(const TaskHost& host) const { return host.number() == host_; }

Place FutureState::place() const {
  const Annex* known = known_annex();
  return known == nullptr ? Place{} : known->place;
}

int FutureState::attempt() const {
  const Annex* known = known_annex();
  return known == nullptr ? 0 : known->attempt;
}

bool FutureState::claim() {
  std::uint8_t word = word_.load(std::memory_order_relaxed);
  while ((word & phase_mask) == static_cast<std::uint8_t>(Phase::pending)) {
    const auto claimed = static_cast<std::uint8_t>(word | static_cast<unsigned>(Phase::settling));
    if (word_.compare_exchange_weak(word, claimed, std::memory_order_acq_rel)) return true;
  }
  return false;
}

bool FutureState::finish(Phase final_phase) {
  // settling is 1: xor turns it into the final phase and leaves the flag.
  const auto change = static_cast<std::uint8_t>(static_cast<unsigned>(Phase::settling) ^
                                                static_cast<unsigned>(final_phase));
  return (word_.fetch_xor(change, std::memory_order_acq_rel) & watched) != 0;
}

void FutureState::announce() { announce(std::unique_lock(StateLocks::of(this).mutex)); }

void FutureState::announce(std::unique_lock<std::mutex> stripe) {
  StateLocks::of(this).changed.notify_all();
  Extension* rare = known_extension();
  if (rare == nullptr) return;
  const auto watchers = std::exchange(rare->watchers, {});
  if (!rare->callbacks.empty() && !rare->delivering) {
    rare->delivering = true;
    retain(this);
    host().run_callbacks(*this);
  }
  stripe.unlock();
  for (const auto& watcher : watchers) watcher->settled(*this);
}

bool FutureState::wait(std::optional<Duration> timeout) {
  if (done()) return true;
  if (timeout && *timeout <= Duration::zero()) return false;
  FutureState* const self = this;
  const WaitScope waiting({&self, 1}, !timeout);
  StateLocks::Stripe& stripe = StateLocks::of(this);
  std::unique_lock lock(stripe.mutex);
  word_.fetch_or(watched, std::memory_order_acq_rel);
  const auto is_done = [this] { return done(); };
  if (!is_done()) host().check_process();
  if (!timeout || *timeout > std::chrono::hours(24 * 365)) {
    stripe.changed.wait(lock, is_done);
    return true;
  }
  return stripe.changed.wait_for(lock, *timeout, is_done);
}

void FutureState::check_process() {
  if (done()) return;
  std::lock_guard lock(StateLocks::of(this).mutex);
  if (!done()) host().check_process();
}

bool FutureState::watch(const std::shared_ptr<Watcher>& watcher) {
  std::lock_guard lock(StateLocks::of(this).mutex);
  word_.fetch_or(watched, std::memory_order_acq_rel);
  if (done()) return false;
  host().check_process();
  extension().watchers.push_back(watcher);
  return true;
}

void FutureState::unwatch(const Watcher* watcher) {
  std::lock_guard lock(StateLocks::of(this).mutex);
  Extension* rare = known_extension();
  if (rare == nullptr) return;
  std::erase_if(rare->watchers, [&](const auto& each) { return each.get() == watcher; });
}

void FutureState::add_callback(std::function<void()> callback) {
  {
    std::lock_guard lock(StateLocks::of(this).mutex);
    word_.fetch_or(watched, std::memory_order_acq_rel);
    if (!done()) host().check_process();
    Extension& rare = extension();
    rare.callbacks.push_back(std::move(callback));
    // Between finish() and announce() the callbacks are still the announcer's to start.
    if (!done() || rare.delivering || rare.callbacks.size() > 1) return;
    rare.delivering = true;
  }
  deliver_callbacks();
}

void FutureState::deliver_callbacks() {
  std::unique_lock lock(StateLocks::of(this).mutex);
  Extension& rare = extension();
  while (!rare.callbacks.empty()) {
    std::function<void()> callback = std::move(rare.callbacks.front());
    rare.callbacks.pop_front();
    lock.unlock();
    run_callback(callback);
    callback = nullptr;  // what it holds may be the last of something that wants a stripe, too
    lock.lock();
  }
  rare.delivering = false;
}

void FutureState::note_attempt(int pid, std::uint32_t attempt, const AttemptFigures& figures) {
  Annex& to = annex();
  to.pid = pid;
  to.attempt = static_cast<std::uint16_t>(std::min(attempt, 65'535U));
  to.figures = figures;
}

Annex& FutureState::annex() { return made_once(annex_); }

Extension& FutureState::extension() { return made_once(annex().extension); }

Extension* FutureState::known_extension() const {
  const Annex* known = known_annex();
  return known == nullptr ? nullptr : known->extension.load(std::memory_order_acquire);
}

Chunk::~Chunk() {
  for (FutureState* each : rest) release(each);
}

Chunk* FutureState::chunk() const {
  if (!wire::is_chunk(function)) return nullptr;
  return known_extension()->chunk.get();
}

std::uint64_t FutureState::weight() const {
  const Chunk* several = chunk();
  return several == nullptr ? 1 : several->count;
}

std::shared_ptr<void> FutureState::take_dropped() {
  Extension* rare = known_extension();
  return rare == nullptr ? nullptr : std::exchange(rare->taken_back, nullptr);
}

WaitScope::WaitScope(std::span<FutureState* const> states, bool for_all) {
  TaskHost* const host = served();
  if (host == nullptr) return;
  // The host of a settled state may be gone, and another one may have its number.
  const auto is_own = [host](const FutureState* each) {
    return each->is_of(*host) && !each->done();
  };
  if (std::none_of(states.begin(), states.end(), is_own)) return;
  host->begin_wait(states, for_all);
  host_ = host;
}

WaitScope::~WaitScope() {
  if (host_ != nullptr) host_->end_wait();
}

TaskHost*& WaitScope::served() noexcept {
  constinit thread_local TaskHost* host = nullptr;
  return host;
}

}  // namespace detail
}  // namespace procfarm
