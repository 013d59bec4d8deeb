// SPDX-License-Identifier: MIT
// units.cpp - durations, sizes and selectors as people type them: read or refused, and what was
// read can be shown.
#include "input.hpp"

#include <stdexcept>

#include "coordinator/cli/diagnostic.hpp"
#include "coordinator/cli/run_schema.hpp"
#include "coordinator/cli/run_selection.hpp"
#include "coordinator/cli/units.hpp"

using namespace procfarm::cli;

namespace {

template <class Parse>
void try_it(Parse parse) {
  try {
    parse();
  } catch (const std::invalid_argument& error) {
    fuzz::expect(std::strchr(error.what(), '\n') == nullptr, "an error is one line");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view typed = fuzz::text(data, size);
  try_it([&] { fuzz::expect(!format_duration(parse_duration(typed)).empty(), "shown"); });
  try_it([&] { fuzz::expect(parse_duration_option(typed) >= Duration{}, "never negative"); });
  try_it([&] { fuzz::expect(!format_size(parse_size(typed)).empty(), "shown"); });
  try {
    const RunSelection selection = parse_run_selection(typed);
    fuzz::expect(selection.first <= selection.last, "a range goes upwards");
  } catch (const RunError&) {
  }
  return 0;
}
