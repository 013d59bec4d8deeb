// SPDX-License-Identifier: MIT
// format_spec.cpp - the formats of placeholders, as `06.2f` in {{x:06.2f}}: one that is found good
// formats a value or says why not.
#include "input.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "coordinator/cli/diagnostic.hpp"
#include "coordinator/cli/format_spec.hpp"

using namespace procfarm::cli;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view spec = fuzz::text(data, size);
  if (!problem_of_format(spec).empty()) return 0;
  const Value values[] = {Value(42),   Value(-2.5e300), Value("text \xc3\xa9"),
                          Value(true), Value(nullptr),  Value::array({1, "b"})};
  for (const Value& value : values) {
    try {
      (void)format_value(value, spec);
    } catch (const std::invalid_argument&) {
    }
  }
  return 0;
}
