// SPDX-License-Identifier: MIT
// url_status_test.cpp - the program against a real server, and against ports and names without one.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "child.hpp"
#include "nginx.hpp"
#include "ports.hpp"
#include "support/patience.hpp"
#include "support/process_tree.hpp"

using namespace programs;

namespace {

constexpr const char* answers_of_all_kinds = R"(
location /ok { return 200 "fine"; }
location /moved { return 301 /ok; }
location /broken { return 500; }
)";

/// Loopback needs no proxy, and a name server that cannot be reached shall say so soon.
const std::vector<std::string> environment{"no_proxy=*", "RES_OPTIONS=timeout:1 attempts:1"};

Ending status_of(const ScratchDirectory& directory, std::vector<std::string> arguments) {
  return run_example(directory, "url_status", std::move(arguments), environment);
}

/// What it prints about the URLs, without the lines that tell times.
std::vector<std::string> entries(const std::string& out) {
  std::vector<std::string> lines;
  for (std::size_t at = 0, end; (end = out.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = out.substr(at, end - at);
    if (contains(line, "://")) lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("url_status: every answer is an entry, whatever became of the others") {
  const Nginx server(answers_of_all_kinds);
  const Port refused(Port::Manner::refuses);
  const Port silent(Port::Manner::accepts_and_says_nothing);
  ScratchDirectory directory;
  for (const std::string with : {"serial", "threads", "processes"}) {
    CAPTURE(with);
    const Ending ending = status_of(
        directory, {"--with", with, "--limit", "2", server.url() + "/ok", silent.url() + "/",
                    server.url() + "/moved", refused.url() + "/", server.url() + "/none",
                    "http://nobody.invalid/", server.url() + "/broken"});
    CAPTURE(ending.err);
    CHECK(ending.exit_code == 0);
    CHECK(entries(ending.out) ==
          std::vector<std::string>{
              "200          " + server.url() + "/ok", "timed out    " + silent.url() + "/",
              "301          " + server.url() + "/moved", "refused      " + refused.url() + "/",
              "404          " + server.url() + "/none", "no such host http://nobody.invalid/",
              "500          " + server.url() + "/broken"});
  }
}

TEST_CASE("url_status: a worker that is killed or hangs while it asks costs that entry only") {
  const Nginx server(answers_of_all_kinds);
  const Port silent(Port::Manner::accepts_and_says_nothing);
  ScratchDirectory directory;
  int signal = 0;
  std::string becomes;
  SUBCASE("killed") {
    signal = SIGKILL;
    becomes = "SIGKILL";
  }
  SUBCASE("stopped, so that it cannot see its own limit: the task's limit ends it") {
    signal = SIGSTOP;
    becomes = "timed out ";
  }
  Child program(directory,
                {example("url_status"), "--with", "processes", "--workers", "1", "--limit", "1",
                 silent.url() + "/", server.url() + "/ok"},
                environment);
  REQUIRE(support::eventually([&] { return silent.called(); }));
  const std::vector<pid_t> tree = support::tree_of(program.pid());
  REQUIRE(tree.size() == 3);  // the program, the supervisor, the worker
  REQUIRE(::kill(tree.back(), signal) == 0);

  const Ending ending = program.wait();
  CAPTURE(ending.err);
  CHECK(ending.exit_code == 0);
  const std::vector<std::string> lines = entries(ending.out);
  REQUIRE(lines.size() == 2);
  CHECK(contains(lines[0], becomes));
  CHECK(contains(lines[0], silent.url()));
  CHECK(lines[1] == "200          " + server.url() + "/ok");
}

TEST_CASE("url_status: a file of URLs, each asked once, in the order of the file") {
  const Nginx server(answers_of_all_kinds);
  ScratchDirectory directory;
  std::string lines = "# a comment, and an empty line\n\n";
  std::vector<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const bool there = i % 3 == 0;
    const std::string url = fmt::format("{}/{}?{}", server.url(), there ? "ok" : "none", i);
    lines += fmt::format("{0}\r\n{0}\n", url);
    expected.push_back(fmt::format("{:<12} {}", there ? 200 : 404, url));
  }
  const Ending ending =
      status_of(directory, {"--with", "processes", "--file", directory.write("urls.txt", lines)});
  CAPTURE(ending.err);
  CHECK(ending.exit_code == 0);
  CHECK(entries(ending.out) == expected);
  const std::string log = server.log();
  CHECK(std::count(log.begin(), log.end(), '\n') == 300);
}

TEST_CASE("url_status: all ways in one call agree, and each tells its time") {
  const Nginx server(answers_of_all_kinds);
  ScratchDirectory directory;
  const Ending ending = status_of(directory, {server.url() + "/ok", server.url() + "/broken"});
  CAPTURE(ending.err);
  CHECK(ending.exit_code == 0);
  for (const char* line : {"serial     1 at a time", "threads    6 at a time",
                           "processes  6 at a time", "times as fast as serial"}) {
    CHECK(contains(ending.out, line));
  }
  CHECK(entries(ending.out).size() == 2);
  const std::string log = server.log();
  CHECK(std::count(log.begin(), log.end(), '\n') == 6);
}

TEST_CASE("url_status: a file that is not there is said, and ends it") {
  ScratchDirectory directory;
  const Ending ending = status_of(directory, {"--file", "nowhere.txt"});
  CHECK(ending.exit_code == 1);
  CHECK(contains(ending.err, "nowhere.txt"));
}
