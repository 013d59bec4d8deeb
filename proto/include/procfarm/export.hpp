// SPDX-License-Identifier: MIT
// export.hpp - functions that job files call by name.
//   PROCFARM_EXPORT(procfarm::function<count_primes>("count_primes", {"lo", "hi"}, "primes in [lo,
//   hi)"))
// Variadic; may stand several times per file and in several files of a module. The module needs no
// libprocfarm: everything it shows goes through the C structures of export_abi.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <procfarm/detail/failure.hpp>
#include <procfarm/detail/type_text.hpp>
#include <procfarm/export_abi.hpp>
#include <procfarm/function.hpp>

namespace procfarm {

namespace detail {

/// Of the module this is compiled into; hidden, so that each module has its own.
[[gnu::visibility("hidden")]] inline constinit abi::Exports module_exports{abi::number, 0, nullptr};
[[gnu::visibility("hidden")]] inline constinit abi::Function* last_export = nullptr;

/// The module may have another C++ library than the worker, and so streams of its own: what an
/// earlier call has read to its end is not this one's, and what this one prints leaves with it.
class StreamsOfCall {
 public:
  StreamsOfCall() { std::cin.clear(); }
  ~StreamsOfCall() {
    std::cout.flush();
    std::clog.flush();
  }
  StreamsOfCall(const StreamsOfCall&) = delete;
  StreamsOfCall& operator=(const StreamsOfCall&) = delete;
};

template <class Target, class R, class... P>
void invoke_exported(const char* arguments, std::size_t size, const abi::Sink* sink) noexcept {
  const StreamsOfCall streams;
  Writer bytes;
  CallFrame frame{Reader(arguments, size), bytes};
  try {
    run_call<Target, R, P...>(frame);
  } catch (...) {
    const Failure failure = capture_failure(frame.stage, std::current_exception(), nullptr);
    bytes.clear();
    encode_failure(bytes, failure);
    sink->failure(sink->context, bytes.data(), bytes.size());
    return;
  }
  sink->result(sink->context, bytes.data(), bytes.size());
}

template <class T>
const char* type_text_of() {
  static const std::string text = type_text<T>();
  return text.c_str();
}

/// A function with its texts, which are not copied: they must be literals.
template <class Target, class Signature>
class ExportedFunction;
template <class Target, class R, class... P>
class ExportedFunction<Target, Signature<R, P...>> {
 public:
  static constexpr std::size_t parameter_count = sizeof...(P);

  ExportedFunction(const char* name, const char* const* parameter_names, const char* doc)
      : function_{name,
                  doc,
                  static_cast<std::uint32_t>(parameter_count),
                  nullptr,
                  nullptr,
                  type_text_of<R>(),
                  &invoke_exported<Target, R, P...>,
                  nullptr},
        types_{type_text_of<P>()..., nullptr} {
    for (std::size_t i = 0; i < parameter_count; ++i) names_[i] = parameter_names[i];
  }

  /// Appends itself to the module's list; from now on it must stay where it is.
  void enter() {
    function_.parameter_names = names_;
    function_.parameter_types = types_;
    abi::Exports& exports = module_exports;
    (last_export == nullptr ? exports.first : last_export->next) = &function_;
    last_export = &function_;
    ++exports.count;
  }

 private:
  abi::Function function_;
  const char* names_[parameter_count + 1] = {};
  const char* types_[parameter_count + 1];
};

/// What stands behind one PROCFARM_EXPORT, in static storage.
template <class... Functions>
class ExportSet {
 public:
  explicit ExportSet(Functions... functions) : functions_(functions...) {
    std::apply([](auto&... each) { (each.enter(), ...); }, functions_);
  }
  ExportSet(const ExportSet&) = delete;
  ExportSet& operator=(const ExportSet&) = delete;

 private:
  std::tuple<Functions...> functions_;
};

/// Stands in for a function that has been refused, so that the refusal is the only error.
template <std::size_t count>
struct RefusedExport {
  static constexpr std::size_t parameter_count = count;
  RefusedExport(const char*, const char* const*, const char*) {}
  void enter() {}
};

template <class Target, class R, class... P, std::size_t... index>
constexpr auto exported_function(Signature<R, P...>*, std::index_sequence<index...>) {
  if constexpr (!(Receivable<P> && ...)) {
    refuse<std::conditional_t<Receivable<P>, Accepted, CheckParameter<index + 1, P>>...>();
    return std::type_identity<RefusedExport<sizeof...(P)>>();
  } else if constexpr (!Returnable<R>) {
    refuse<CheckResult<R>>();
    return std::type_identity<RefusedExport<sizeof...(P)>>();
  } else {
    return std::type_identity<ExportedFunction<Target, Signature<R, P...>>>();
  }
}
template <class Target, class R, class... P>
constexpr auto exported_function(Signature<R, P...>* signature) {
  return exported_function<Target>(signature, std::index_sequence_for<P...>());
}

template <auto fn>
using SignatureOf = typename decltype(signature_of<typename StaticTarget<fn>::Callable>())::type;
template <auto fn>
using Exported = typename decltype(exported_function<StaticTarget<fn>>(
    static_cast<SignatureOf<fn>*>(nullptr)))::type;

struct NoNames {};

}  // namespace detail

/// `fn` under `name`, with the names of its parameters in their order. All texts are literals.
template <auto fn, std::size_t count>
auto function(const char* name, const char* const (&parameter_names)[count], const char* doc = "") {
  static_assert(count == detail::Exported<fn>::parameter_count,
                "procfarm: give one name for each parameter of the exported function");
  return detail::Exported<fn>(name, parameter_names, doc);
}

/// For a function without parameters.
template <auto fn>
auto function(const char* name, detail::NoNames = {}, const char* doc = "") {
  static_assert(detail::Exported<fn>::parameter_count == 0,
                "procfarm: give one name for each parameter of the exported function");
  return detail::Exported<fn>(name, nullptr, doc);
}

}  // namespace procfarm

/// The one symbol that the tool looks for. Emitted wherever this header is included, merged by the
/// linker.
extern "C" [[gnu::visibility("default"), gnu::used]] inline const procfarm::abi::Exports*
procfarm_module() {
  return &procfarm::detail::module_exports;
}

#define PROCFARM_EXPORT_CONCAT2(a, b) a##b
#define PROCFARM_EXPORT_CONCAT(a, b) PROCFARM_EXPORT_CONCAT2(a, b)
/// At namespace scope: makes these functions callable by name from job files.
#define PROCFARM_EXPORT(...)                                                    \
  [[maybe_unused]] static ::procfarm::detail::ExportSet PROCFARM_EXPORT_CONCAT( \
      procfarm_exports_, __COUNTER__){__VA_ARGS__};
