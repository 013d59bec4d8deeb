// SPDX-License-Identifier: MIT
// tool_completions_test.cpp - the scripts in the shells themselves, as far as they are installed.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

bool has_shell(const std::string& shell) {
  for (const char* folder : {"/bin/", "/usr/bin/", "/usr/local/bin/"}) {
    if (std::filesystem::exists(folder + shell)) return true;
  }
  MESSAGE(shell << " is not installed: not asked");
  return false;
}

/// A shell with the script loaded does `script`; its words, one a line, sorted.
std::string answer(const ToolBench& bench, const std::string& shell, const std::string& script) {
  bench.write("completions", run_tool(bench, {"completions", shell}).out);
  bench.write("ask", script);
  const std::string path = std::filesystem::path(std::getenv("PROCFARM_TOOL")).parent_path();
  const std::string line = "cd '" + bench.path("") + "' && PATH='" + path + "':$PATH " + shell +
                           " ask >answer 2>errors </dev/null";
  CHECK(std::system(line.c_str()) == 0);
  CHECK(bench.read("errors") == "");
  return bench.read("answer");
}

/// What bash offers for the line, whose last word is what is typed so far.
std::string bash_offers(const ToolBench& bench, const std::vector<std::string>& words) {
  std::string script = "source completions\nCOMP_WORDS=(";
  for (const std::string& word : words) script += "'" + word + "' ";
  script += ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) +
            "\ncompopt() { :; }\n_procfarm procfarm\nprintf '%s ' \"${COMPREPLY[@]}\"\n";
  return answer(bench, "bash", script);
}

std::string fish_offers(const ToolBench& bench, const std::string& line) {
  return answer(bench, "fish", "source completions\ncomplete -C '" + line + "'\n");
}

/// What zsh has to offer when completion is asked for behind the line. Its editor says when it is
/// ready and when it is through, and matches are noted where they are added: what it displays
/// depends on how soon the next key comes.
std::string zsh_offers(const ToolBench& bench, const std::string& line) {
  bench.write("offers", "");
  bench.write("probe", R"(autoload -Uz compinit
compinit -u -D
source ./completions
compadd() {
  local -a matches texts
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    builtin compadd -A matches "$@"
    local at=${@[(i)-d]}
    (( at < $# )) && texts=(${(P)@[at+1]})
    print -rl -- $matches $texts >>offers
  fi
  builtin compadd "$@"
}
ask() {
  BUFFER=')" + line + R"('
  CURSOR=$#BUFFER
  zle list-choices
  BUFFER=
  print through
}
zle -N ask
bindkey '^T' ask
zle-line-init() { print -r editing }
zle -N zle-line-init
)");
  answer(bench, "zsh", R"(zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; LISTMAX=10000; source ./probe'
zpty -r shell shown '*editing*'
zpty -w -n shell $'\x14'
zpty -r shell shown '*through*'
zpty -d shell
)");
  return bench.read("offers");
}

}  // namespace

TEST_CASE("completions: bash completes commands, options, their words, runs and tasks") {
  if (!has_shell("bash")) return;
  ToolBench bench;
  REQUIRE(run_job(bench,
                  "[[task]]\nname = \"pack\"\ncommand = [\"true\"]\n[[task]]\n"
                  "name = \"tar\"\ncommand = [\"true\"]\n")
              .exit_code == 0);
  const std::string run =
      std::filesystem::directory_iterator(bench.path(".procfarm/runs"))->path().filename();
  CHECK(bash_offers(bench, {"procfarm", "ru"}) == "run runs ");
  CHECK(contains(bash_offers(bench, {"procfarm", "--"}), "--version"));
  CHECK(bash_offers(bench, {"procfarm", "run", "job.toml", "--ti"}) == "--timeout ");
  CHECK(bash_offers(bench, {"procfarm", "run", "--color", "a"}) == "auto always ");
  CHECK(bash_offers(bench, {"procfarm", "run", "--color", "=", "n"}) == "never ");
  CHECK(bash_offers(bench, {"procfarm", "run", "jo"}) == "job.toml ");
  CHECK(bash_offers(bench, {"procfarm", "logs", ""}) == "last " + run + " ");
  CHECK(bash_offers(bench, {"procfarm", "logs", "--raw", run, ""}) == "failed pack tar ");
  CHECK(bash_offers(bench, {"procfarm", "logs", run, "p"}) == "pack ");
  CHECK(bash_offers(bench, {"procfarm", "export", "last", "j"}) == "joblog jsonl junit ");
  CHECK(bash_offers(bench, {"procfarm", "each", "lines", "--", "jo"}) == "job.toml ");
  CHECK(bash_offers(bench, {"procfarm", "logs", "--dir", "/nonexistent", ""}) == "last ");
}

TEST_CASE("completions: fish completes the same, with descriptions") {
  if (!has_shell("fish")) return;
  ToolBench bench;
  REQUIRE(run_job(bench, "[[task]]\nname = \"pack\"\ncommand = [\"true\"]\n").exit_code == 0);
  CHECK(contains(fish_offers(bench, "procfarm ru"), "run\tRun a job file\n"));
  CHECK(contains(fish_offers(bench, "procfarm run job.toml --ti"), "--timeout\t"));
  CHECK(contains(fish_offers(bench, "procfarm run --color a"), "always\t"));
  CHECK(contains(fish_offers(bench, "procfarm run jo"), "job.toml\n"));
  CHECK(fish_offers(bench, "procfarm logs la") == "last\n");
  CHECK(fish_offers(bench, "procfarm logs last p") == "pack\n");
  CHECK(fish_offers(bench, "procfarm export last tr") == "trace\n");
}

TEST_CASE("completions: zsh completes the same") {
  if (!has_shell("zsh")) return;
  ToolBench bench;
  REQUIRE(run_job(bench, "[[task]]\nname = \"pack\"\ncommand = [\"true\"]\n").exit_code == 0);
  CHECK(contains(zsh_offers(bench, "procfarm ru"), "Run a job file"));
  CHECK(contains(zsh_offers(bench, "procfarm run --col"), "--color"));
  CHECK(contains(zsh_offers(bench, "procfarm export last "), "joblog"));
  CHECK(contains(zsh_offers(bench, "procfarm logs last "), "pack"));
}
