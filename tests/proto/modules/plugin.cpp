// SPDX-License-Identifier: MIT
// plugin.cpp - the first of two files of a module that is linked with nothing of procfarm.
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <procfarm/export.hpp>

std::uint64_t count_primes(std::uint64_t lo, std::uint64_t hi) {
  std::uint64_t count = 0;
  for (std::uint64_t n = lo < 2 ? 2 : lo; n < hi; ++n) {
    bool prime = true;
    for (std::uint64_t d = 2; d * d <= n && prime; ++d) prime = n % d != 0;
    if (prime) ++count;
  }
  return count;
}

namespace words {
struct Digest {
  int total = 0;
  MSGPACK_DEFINE(total)
};
struct Trouble : std::runtime_error {
  using std::runtime_error::runtime_error;
};
}  // namespace words

namespace {

std::vector<double> scale(std::span<const double> values, double by) {
  std::vector<double> scaled;
  for (const double value : values) scaled.push_back(value * by);
  return scaled;
}

words::Digest merge(std::vector<words::Digest> digests, std::optional<std::filesystem::path>,
                    const std::map<std::string, float>&) {
  words::Digest sum;
  for (const words::Digest& digest : digests) sum.total += digest.total;
  return sum;
}

void fail(const std::string& how) {
  if (how == "range") throw std::out_of_range("too far");
  if (how == "own") throw words::Trouble("own trouble");
  throw 42;
}

int zero() { return 0; }

}  // namespace

PROCFARM_EXPORT(procfarm::function<count_primes>("count_primes", {"lo", "hi"},
                                                 "primes in [lo, hi)"))
PROCFARM_EXPORT(procfarm::function<scale>("scale", {"values", "by"}),
                procfarm::function<merge>("merge", {"digests", "where", "weights"}),
                procfarm::function<fail>("fail", {"how"}), procfarm::function<zero>("zero"))
