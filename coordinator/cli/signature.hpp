// SPDX-License-Identifier: MIT
// signature.hpp - whether a task calls an exported function as it wants to be called: its name, how
// many arguments, of what types. Literal arguments are checked before the run; data when its row is
// expanded, where text is also turned into the number that the parameter is.
#pragma once

#include <string>
#include <vector>

#include "instance.hpp"
#include "job.hpp"
#include "value.hpp"

namespace procfarm::cli {

struct Parameter {
  std::string name{};
  std::string type{};  // as exported: `uint64`, `list<string>`
};

/// An exported function, as its module tells it.
struct FunctionSignature {
  std::string name{};
  std::string doc{};
  std::vector<Parameter> parameters{};
  std::string result{};
};

/// `count_primes(lo: uint64, hi: uint64) -> uint64`
std::string to_string(const FunctionSignature& function);

/// The function that the task calls, out of those of its module. Throws JobError at the place of
/// `function` if there is none of that name, at that of the argument if arity, names or literal
/// types are wrong.
const FunctionSignature& check_arguments(const TaskSpec& task,
                                         const std::vector<FunctionSignature>& functions);

/// The values of a call in the order of the parameters, each converted to its parameter's type.
/// Throws JobError naming parameter and row if a value does not fit.
std::vector<Value> arrange_arguments(const TaskSpec& task, const Instance& instance,
                                     const Resolved& resolved, const FunctionSignature& function);

}  // namespace procfarm::cli
