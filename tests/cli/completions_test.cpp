// SPDX-License-Identifier: MIT
// completions_test.cpp - what is read off a tree of commands. What shells make of the scripts,
// tool_completions_test.cpp asks them.
#include "coordinator/cli/completions.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace procfarm::cli {
namespace {

using Kind = CompletedValue::Kind;

struct Tree {
  CLI::App app{"A tool"};
  std::string text{};
  bool flag = false;

  Tree() {
    CLI::App* show = app.add_subcommand("show", "Show it's [all]: everything");
    show->add_option("RUN", text, "a run");
    show->add_option("FORMAT", text, "a format")->type_name("csv|json");
    show->add_option("-o,--output", text, "into a file")->type_name("FILE");
    show->add_option("--dir", text, "a directory")->type_name("DIR");
    show->add_option("--when", text, "when")->type_name("auto|never");
    show->add_flag("-q,--quiet", flag, "less");
  }
};

const CompletedOption& option_named(const CompletedCommand& command, const std::string& name) {
  for (const CompletedOption& option : command.options) {
    for (const std::string& each : option.names) {
      if (each == name) return option;
    }
  }
  FAIL("no option " << name);
  return command.options.front();
}

TEST_CASE("completions: commands, options, and what may stand where come from the tree") {
  const Tree tree;
  const auto commands = completed_commands(tree.app);
  REQUIRE(commands.size() == 1);
  const CompletedCommand& show = commands.front();
  CHECK(show.name == "show");
  REQUIRE(show.places.size() == 2);
  CHECK(show.places[0].kind == Kind::run);
  CHECK(show.places[1].words == std::vector<std::string>{"csv", "json"});
  const CompletedOption& output = option_named(show, "--output");
  CHECK(output.names == std::vector<std::string>{"-o", "--output"});
  CHECK(output.value.kind == Kind::file);
  CHECK(option_named(show, "--dir").value.kind == Kind::directory);
  CHECK(option_named(show, "--when").value.words == std::vector<std::string>{"auto", "never"});
  CHECK_FALSE(option_named(show, "--quiet").takes_value);
  CHECK(option_named(show, "--help").takes_value == false);
}

TEST_CASE("completions: descriptions are quoted for each shell") {
  const Tree tree;
  CHECK(zsh_script(tree.app).find("'show:Show it'\\''s \\[all\\]\\: everything'") !=
        std::string::npos);
  CHECK(fish_script(tree.app).find("-a show -d 'Show it\\'s [all]: everything'") !=
        std::string::npos);
}

}  // namespace
}  // namespace procfarm::cli
