// SPDX-License-Identifier: MIT
// simple_command_test.cpp - which shell lines are executed without a shell, and that nobody can
// tell.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <procfarm/command.hpp>

#include "cli/scratch_directory.hpp"
#include "worker/simple_command.hpp"

using namespace procfarm;
using procfarm::serving::words_of_simple_command;

namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

const Words parameters{"a b", "$HOME; rm *", ""};

std::optional<Words> words(const std::string& line) {
  return words_of_simple_command(line, parameters);
}

/// What the shell makes of everything behind the first word.
Words by_shell(const std::string& line) {
  const std::string printed =
      run_command({.shell = "for each in x " + line + R"(; do printf '<%s>\n' "$each"; done)",
                   .shell_arguments = parameters})
          .out;
  Words found;
  for (std::size_t at = 0; at < printed.size();) {
    const std::size_t end = printed.find(">\n", at);
    found.push_back(printed.substr(at + 1, end - at - 1));
    at = end + 2;
  }
  found.erase(found.begin());
  return found;
}

Words sorted_lines(const std::string& text) {
  Words lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("simple shell lines come apart as the shell takes them apart") {
  for (const std::string line : {
           "gzip -k file.txt",
           "/bin/echo   a\tb  ",
           R"(tool "${1}" x"${2}"y "${3}" '' "")",
           R"(tool 'a;b|c&d<e>f$g`h"i*j?k[l]m~n#o\p{q}r(s)t!' --name='x y'z)",
           R"-(tool "a;b|c&d<e>f'g*h?i[j]k~l#m{n}o(p)" "${1}${2}")-",
           "./tool a=b @file %1 user@host:path,+1",
       }) {
    CAPTURE(line);
    const auto found = words(line);
    REQUIRE(found);
    CHECK(*found == by_shell(line));
  }
}

TEST_CASE("what the shell might do more about is left to it") {
  for (const std::string line : {"",
                                 "  tool",
                                 "echo a",
                                 "true",
                                 "cd /tmp",
                                 "if a",
                                 "! tool",
                                 "[ a = b ]",
                                 ". file",
                                 "a=b tool",
                                 "%1",
                                 "tool $HOME",
                                 "tool ${1}",
                                 "tool \"$1\"",
                                 "tool \"${9}\"",
                                 "tool \"${1:-x}\"",
                                 "tool \"${1\"",
                                 "tool \"$(date)\"",
                                 "tool `date`",
                                 "tool \"`date`\"",
                                 "tool *.txt",
                                 "tool a?b",
                                 "tool [a]",
                                 "tool ~/x",
                                 "tool {a,b}",
                                 "tool a\\ b",
                                 "tool \"a\\b\"",
                                 "tool # comment",
                                 "tool a; tool b",
                                 "tool a && tool b",
                                 "tool a | tool b",
                                 "tool > file",
                                 "tool 2>&1",
                                 "tool &",
                                 "(tool)",
                                 "tool 'a",
                                 "tool \"a",
                                 "tool a\ntool b",
                                 "'tool' a",
                                 "\"${1}\" a",
                                 "too'l' a",
                                 "tool()"}) {
    CAPTURE(line);
    CHECK_FALSE(words(line));
  }
}

TEST_CASE("a shell line without a shell finds the environment as the shell leaves it") {
  const fs::path real = fs::canonical(fs::temp_directory_path());
  const cli::ScratchDirectory scratch;
  const std::string link = scratch / "link";
  fs::create_directory_symlink(real, link);
  const std::string relative = fs::relative(real).string();
  using Variables = std::map<std::string, std::string>;
  for (const Variables& env : {Variables{{"X", "y z"}}, Variables{{"PWD", link}, {"X", ""}},
                               Variables{{"PWD", "/nowhere"}}, Variables{{"PWD", "."}}}) {
    for (const std::string& cwd : {real.string(), link, relative, std::string()}) {
      for (const bool clear : {false, true}) {
        CAPTURE(cwd);
        CAPTURE(clear);
        Command command{.shell = "/usr/bin/env", .env = env, .env_clear = clear, .cwd = cwd};
        REQUIRE(words(command.shell));
        const Words direct = sorted_lines(run_command(command).out);
        command.shell = "exec /usr/bin/env";
        REQUIRE_FALSE(words(command.shell));
        CHECK(direct == sorted_lines(run_command(command).out));
      }
    }
  }
}

TEST_CASE("what only the shell can execute, or tell of, is left to it") {
  const cli::ScratchDirectory scratch;
  const std::string script =  // no #! in front
      scratch.write("script", "echo \"by the shell: $1\"\n");
  ::chmod(script.c_str(), 0755);
  CHECK(run_command({.shell = script + " \"${1}\"", .shell_arguments = {"a b"}}).out ==
        "by the shell: a b\n");
  const CommandResult missing = run_command({.shell = (scratch / "missing") + " a"});
  CHECK(missing.exit_code == 127);
  CHECK(missing.err.find("not found") != std::string::npos);
  ::chmod(script.c_str(), 0644);
  CHECK(run_command({.shell = script}).exit_code == 126);
}
