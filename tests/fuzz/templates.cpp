// SPDX-License-Identifier: MIT
// templates.cpp - strings with placeholders, and shell lines: what a value holds never becomes part
// of a shell line, unless it was asked for as raw.
#include "input.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "coordinator/cli/template.hpp"

using namespace procfarm::cli;

namespace {

constexpr const char* sentinel = "\x01'$(value)\"`\x02";

class Values : public Scope {
 public:
  std::optional<Value> lookup(std::string_view name, Accessor) const override {
    if (name == "index" || name == "n") return Value(7);
    if (name == "x") return Value(2.5);
    if (name == "missing") return std::nullopt;
    return Value(sentinel);
  }
};

void render(const Template& pattern, bool shell) {
  const Values values;
  if (!shell) {
    (void)pattern.render_text(values);
    (void)pattern.render_value(values);
    return;
  }
  const ShellLine line = pattern.render_shell(values);
  const auto is_raw = [](const Reference& each) { return each.raw; };
  const auto& references = pattern.references();
  const bool raw = std::any_of(references.begin(), references.end(), is_raw);
  const bool typed = pattern.source().find(sentinel) != std::string::npos;
  fuzz::expect(raw || typed || line.line.find(sentinel) == std::string::npos,
               "a value is no part of a shell line");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool shell = data[0] % 2 == 1;
  try {
    render(Template(fuzz::text(data + 1, size - 1), {"job.toml", 1, 1},
                    shell ? TemplateKind::shell : TemplateKind::text),
           shell);
  } catch (const JobError&) {
  }
  return 0;
}
