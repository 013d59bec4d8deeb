// SPDX-License-Identifier: MIT
// option_values.hpp - single values of the command line, from text. A wrong one is a CLI11
// validation error whose text says what is accepted.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "options.hpp"

namespace procfarm::cli {

/// The words of an option that knows only certain ones, and what they mean.
template <class T, std::size_t Count>
using Choices = std::array<std::pair<std::string_view, T>, Count>;

inline constexpr Choices<ColorMode, 3> colors{
    {{"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}}};
inline constexpr Choices<DurabilityLevel, 2> durabilities{
    {{"normal", DurabilityLevel::normal}, {"full", DurabilityLevel::full}}};
inline constexpr Choices<ExportFormat, 5> export_formats{{{"joblog", ExportFormat::joblog},
                                                          {"csv", ExportFormat::csv},
                                                          {"jsonl", ExportFormat::jsonl},
                                                          {"junit", ExportFormat::junit},
                                                          {"trace", ExportFormat::trace}}};
inline constexpr Choices<Shell, 3> shells{
    {{"bash", Shell::bash}, {"zsh", Shell::zsh}, {"fish", Shell::fish}}};

/// `auto|always|never`: the name of such an option's type, by which help shows and shells complete
/// it.
template <class T, std::size_t Count>
std::string choices_of(const Choices<T, Count>& choices, std::string_view between = "|") {
  std::string text;
  for (const auto& [word, meaning] : choices) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

/// For names of files and directories: what is wrong with an empty one, as a variable of a shell
/// gives that is not set; else nothing.
std::string refuse_empty(const std::string& text);

/// A number of places, at least 1.
int option_jobs(const std::string& text);

/// The number of an attempt, from 1.
int option_attempt(const std::string& text);

/// A number of further attempts, at least 0.
int option_retries(const std::string& text);

/// A number of deaths, at least 1.
int option_crash_limit(const std::string& text);

/// A time limit; a bare number is seconds, 0 is no limit.
Duration option_timeout(const std::string& text);

std::optional<HaltPolicy> option_halt(const std::string& text);
ColorMode option_color(const std::string& text);
DurabilityLevel option_durability(const std::string& text);
ExportFormat option_format(const std::string& text);
Shell option_shell(const std::string& text);

}  // namespace procfarm::cli
