// SPDX-License-Identifier: MIT
// plugin_text.cpp - the second file of the module in plugin.cpp.
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <procfarm/export.hpp>

namespace {

std::string greet(std::string_view who) { return "hello " + std::string(who); }

void types(std::vector<std::uint8_t>, std::chrono::milliseconds,
           std::chrono::system_clock::time_point, std::set<std::int8_t>,
           std::tuple<bool, std::string>) {}

}  // namespace

PROCFARM_EXPORT(procfarm::function<greet>("text.greet", {"who"}),
                procfarm::function<types>("text.types", {"a", "b", "c", "d", "e"}))
