// SPDX-License-Identifier: MIT
// command_functions.cpp - `functions`: what a module exports, as a worker tells it.
#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include <procfarm/module.hpp>

#include "commands.hpp"
#include "diagnostic.hpp"
#include "launcher.hpp"
#include "show_output.hpp"
#include "value.hpp"

namespace procfarm::cli {
namespace {

std::string json_line(const ModuleFunction& function) {
  Value line{{"name", function.name}, {"parameters", Value::array()}};
  for (const ModuleParameter& parameter : function.parameters) {
    line["parameters"].push_back({{"name", parameter.name}, {"type", parameter.type}});
  }
  line["result"] = function.result;
  line["doc"] = function.doc;
  return json_text(line) + "\n";
}

std::string table(const ModuleDescription& module) {
  std::size_t width = 0;
  for (const ModuleFunction& function : module.functions) {
    width = std::max(width, function.signature().size());
  }
  std::string text;
  for (const ModuleFunction& function : module.functions) {
    const std::string signature = escape_control(function.signature());
    text += function.doc.empty()
                ? signature + "\n"
                : fmt::format("{:<{}}   {}\n", signature, width, escape_control(function.doc));
  }
  return text;
}

}  // namespace

int command_functions(const Options& options) {
  const std::string path = std::filesystem::absolute(options.library).lexically_normal();
  EventQueue events;
  Launcher launcher(1, events);
  const ModuleDescription module = launcher.describe(path);
  launcher.shutdown();
  return show_guarded({}, [&](ShowOutput& out) {
    if (!options.json) out.put(table(module));
    for (const ModuleFunction& function : module.functions) {
      if (options.json) out.put(json_line(function));
    }
    return 0;
  });
}

}  // namespace procfarm::cli
