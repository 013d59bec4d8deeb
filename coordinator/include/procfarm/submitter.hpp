// SPDX-License-Identifier: MIT
// submitter.hpp - the typed front of a process pool: turns functions and arguments into encoded
// tasks. Everything behind it moves bytes.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <procfarm/call.hpp>
#include <procfarm/codec.hpp>
#include <procfarm/function.hpp>
#include <procfarm/future.hpp>
#include <procfarm/map_inputs.hpp>
#include <procfarm/map_result.hpp>
#include <procfarm/options.hpp>

namespace procfarm {

class PoolCore;
struct SharedOptions;

namespace detail {

/// Submits one encoded task; returns its state with one reference. Throws ShutdownError,
/// BrokenProcessPool, std::logic_error (used after fork()).
FutureState* submit_task(PoolCore& core, const SharedOptions& options, FunctionId function,
                         Writer& arguments);
FutureState* submit_call(PoolCore& core, const SharedOptions& options, const Call& call);
/// A future that has failed because its arguments cannot be encoded. Called in a catch block.
FutureState* fail_task(PoolCore& core, const SharedOptions& options);

}  // namespace detail

/// submit() and map() with one set of options. A copyable handle; any thread; valid as long as the
/// executor lives.
class Submitter {
 public:
  /// For executors.
  Submitter(std::shared_ptr<PoolCore> core, const SharedOptions& options);
  Submitter(const Submitter& other);
  Submitter& operator=(const Submitter&) = delete;
  ~Submitter();

  /// Starts Fn(args...) in a worker. Returns at once, unless max_pending is reached.
  template <auto Fn, class... Args>
  auto submit(Args&&... args) const {
    return start<StaticCall<Fn, Args...>>(std::forward<Args>(args)...);
  }
  /// The same for a lambda without captures or another empty function object, passed by its type.
  template <class F, class... Args>
  requires(!std::is_same_v<F, void>) auto submit(F, Args&&... args) const {
    return start<ObjectCall<F, Args...>>(std::forward<Args>(args)...);
  }

  /// Starts a call that was made before; R must be what its function returns. For functions that
  /// are known by number only: those of a worker that executes another program (builtin_call).
  template <class R>
  Future<R> submit_call(const Call& call) const {
    return Future<R>(detail::submit_call(*core_, options_, call));
  }

  /// Fn(a, b, ...) for each a, b, ... of the ranges, zipped; results in their order.
  template <auto Fn, class First, class... Ranges>
  requires(!detail::is_map_options<First>) auto map(First&& first, Ranges&&... ranges) const {
    return map<Fn>(MapOptions{}, std::forward<First>(first), std::forward<Ranges>(ranges)...);
  }
  /// The same with options.
  template <auto Fn, class... Ranges>
  auto map(MapOptions options, Ranges&&... ranges) const {
    return start_map<StaticCall<Fn, detail::InputItem<Ranges>...>>(options,
                                                                   std::forward<Ranges>(ranges)...);
  }
  /// The same for a lambda without captures or another empty function object.
  template <class F, class First, class... Ranges>
  requires(!detail::is_map_options<F>) auto map(F, First&& first, Ranges&&... ranges) const {
    return start_map<ObjectCall<F, detail::InputItem<First>, detail::InputItem<Ranges>...>>(
        MapOptions{}, std::forward<First>(first), std::forward<Ranges>(ranges)...);
  }
  /// The same with options.
  template <class F, class... Ranges>
  auto map(MapOptions options, F, Ranges&&... ranges) const {
    return start_map<ObjectCall<F, detail::InputItem<Ranges>...>>(options,
                                                                  std::forward<Ranges>(ranges)...);
  }

 private:
  template <class C, class... Args>
  auto start(Args&&... args) const {
    Writer arguments(&blocks_);
    try {
      C::encode(arguments, std::forward<Args>(args)...);
    } catch (...) {
      return Future<typename C::Result>(detail::fail_task(*core_, options_));
    }
    return Future<typename C::Result>(detail::submit_task(*core_, options_, C::id(), arguments));
  }

  template <class C, class... Ranges>
  auto start_map(const MapOptions& options, Ranges&&... ranges) const {
    if constexpr ((detail::Iterable<Ranges> && ...)) {
      if (detail::map_in_chunks(*core_, options_, options)) {
        return map_chunks<C>(options, std::forward<Ranges>(ranges)...);
      }
    }
    return detail::map_inputs<typename C::Result>(
        options,
        [self = *this](auto&&... items) {
          return self.template start<C>(std::forward<decltype(items)>(items)...);
        },
        std::forward<Ranges>(ranges)...);
  }

  /// The source keeps this handle, and so core and options; the map may outlive them otherwise.
  template <class C, class... Ranges>
  auto map_chunks(const MapOptions& options, Ranges&&... ranges) const {
    struct Walk {
      Walk(const Submitter& submitter, const MapOptions& how, Ranges&&... all)
          : self(submitter),
            chunk(*self.core_, self.options_, C::id(), how.chunksize, detail::count_inputs(all...)),
            inputs(std::forward<Ranges>(all)...) {}
      Submitter self;
      detail::ChunkFiller chunk;
      detail::ZippedInputs<Ranges...> inputs;
      std::exception_ptr broken{};
    };
    auto walk = std::make_shared<Walk>(*this, options, std::forward<Ranges>(ranges)...);
    return MapResult<typename C::Result>(
        [walk] { return detail::start_chunk<C>(walk->inputs, walk->chunk, walk->broken); },
        options);
  }

  std::shared_ptr<PoolCore> core_;
  const SharedOptions& options_;
  WriterMemory& blocks_;  // the core's, for large arguments
};

}  // namespace procfarm
