// SPDX-License-Identifier: MIT
// events.hpp - the two things a simulated world is made of: a clock that jumps from one event to
// the next, and chance that is drawn from a seed. Nothing here knows what is simulated.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include <procfarm/duration.hpp>

namespace procfarm::simulation {

/// What is going to happen, earliest first; of the same moment, what was asked for first.
class Events {
 public:
  Duration now() const { return now_; }
  bool empty() const { return queue_.empty(); }
  void at(Duration when, std::function<void()> what) {
    queue_.push({std::max(when, now_), ++asked_, std::move(what)});
  }
  /// Goes to the moment of the first event and lets it happen.
  void next() {
    // The queue gives its first only to look at; it is popped before it runs.
    Event first = std::move(const_cast<Event&>(queue_.top()));
    queue_.pop();
    now_ = first.when;
    first.what();
  }

 private:
  struct Event {
    Duration when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator>(const Event& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_{};
  Duration now_ = std::chrono::hours{1};
  std::uint64_t asked_ = 0;
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  /// True so many times in a thousand.
  bool happens(int per_mille) { return below(1000) < static_cast<std::uint64_t>(per_mille); }
  Duration up_to(Duration most) {
    return Duration{
        static_cast<Duration::rep>(below(static_cast<std::uint64_t>(most.count()) + 1))};
  }
  template <class Choice>
  Choice one_of(std::initializer_list<Choice> choices) {
    return choices.begin()[below(choices.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace procfarm::simulation
