// SPDX-License-Identifier: MIT
// earlier_work_test.cpp - what of an earlier run counts for which instance: by what it does, first
// in its own place, and each only once.
#include "coordinator/cli/earlier_work.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "coordinator/cli/displaced_work.hpp"
#include "coordinator/cli/explainer.hpp"

using namespace procfarm::cli;

namespace {

/// 16 bytes for a word.
std::string hash(const std::string& word) {
  std::string bytes = word;
  bytes.resize(16, '.');
  return bytes;
}

/// Instances of task 0 that did the works of these words, in this order. A word that begins with !
/// failed.
EarlierWork work(const std::vector<std::string>& words) {
  EarlierWork earlier;
  std::uint64_t index = 0;
  for (const std::string& word : words) {
    const bool failed = word[0] == '!';
    const std::string bytes = hash(failed ? word.substr(1) : word);
    earlier.add({.key = {0, index++},
                 .outcome = failed ? AttemptOutcome::failed : AttemptOutcome::passed,
                 .attempts = failed ? 2 : 1,
                 .losses = failed ? 1 : 0,
                 .hash = bytes});
  }
  earlier.complete();
  return earlier;
}

/// The moves in words: `>0[1]` put aside, `<0[1]=0[0]` the rows of the first become the second's.
std::string moves(const Recalled& recalled) {
  std::string words;
  const auto place = [](const InstanceKey& key) {
    return std::to_string(key.task) + "[" + std::to_string(key.index) + "]";
  };
  for (const RowMove& move : recalled.moves) {
    if (!words.empty()) words += ' ';
    if (const auto* shelved = std::get_if<ShelvedRows>(&move)) {
      words += ">" + place({shelved->task, shelved->first});
    } else {
      const auto& restored = std::get<RestoredRows>(move);
      words += "<" + place(restored.from) + "=" + place(restored.to);
    }
  }
  return words;
}

}  // namespace

TEST_CASE("earlier work: what did the same in the same place is done, and nothing moves") {
  EarlierWork earlier = work({"a", "!b"});
  CHECK(earlier.passed() == 1);
  const Recalled done = earlier.recall({0, 0}, hash("a"));
  CHECK(done.kind == Recollection::done);
  CHECK(moves(done).empty());
  const Recalled failed = earlier.recall({0, 1}, hash("b"));
  CHECK(failed.kind == Recollection::failed);
  CHECK(failed.attempts == 2);
  CHECK(failed.losses == 1);
  CHECK(earlier.recall({0, 2}, hash("c")).kind == Recollection::unknown);
}

TEST_CASE("earlier work: what does something else runs again, and its old rows are put aside") {
  EarlierWork earlier = work({"a"});
  const Recalled changed = earlier.recall({0, 0}, hash("A"));
  CHECK(changed.kind == Recollection::changed);
  CHECK(changed.attempts == 0);
  CHECK(moves(changed) == ">0[0]");
}

TEST_CASE("earlier work: a row inserted before the others moves what was done, and repeats none") {
  EarlierWork earlier = work({"a", "b", "c"});
  CHECK(moves(earlier.recall({0, 0}, hash("new"))) == ">0[0]");
  CHECK(moves(earlier.recall({0, 1}, hash("a"))) == ">0[1] <0[0]=0[1]");
  CHECK(moves(earlier.recall({0, 2}, hash("b"))) == ">0[2] <0[1]=0[2]");
  const Recalled last = earlier.recall({0, 3}, hash("c"));
  CHECK(last.kind == Recollection::done);
  CHECK(moves(last) == "<0[2]=0[3]");
}

TEST_CASE("earlier work: a row removed before the others moves them up") {
  EarlierWork earlier = work({"a", "b", "c"});
  CHECK(moves(earlier.recall({0, 0}, hash("b"))) == ">0[0] >0[1] <0[1]=0[0]");
  CHECK(moves(earlier.recall({0, 1}, hash("c"))) == ">0[2] <0[2]=0[1]");
  CHECK_FALSE(earlier.retire(0, 2, 1000));  // nothing is left there
}

TEST_CASE("earlier work: of what did the same each is taken once") {
  EarlierWork earlier = work({"a", "a"});
  CHECK(earlier.recall({1, 0}, hash("a")).kind == Recollection::done);
  CHECK(earlier.recall({1, 1}, hash("a")).kind == Recollection::done);
  CHECK(earlier.recall({1, 2}, hash("a")).kind == Recollection::unknown);
}

TEST_CASE("earlier work: who has no rows takes the last of those that did the same") {
  EarlierWork earlier;
  for (const std::uint64_t index : {0, 2, 3}) {  // 1 was never recorded
    earlier.add({.key = {0, index}, .attempts = 1, .hash = hash("a")});
  }
  earlier.complete();
  CHECK(moves(earlier.recall({0, 0}, hash("a"))).empty());
  CHECK(moves(earlier.recall({0, 1}, hash("a"))) == ">0[3] <0[3]=0[1]");
  CHECK(moves(earlier.recall({0, 2}, hash("a"))).empty());
  CHECK(earlier.recall({0, 3}, hash("a")).kind == Recollection::unknown);
}

TEST_CASE("earlier work: what passed is taken before what failed at the same work") {
  EarlierWork earlier = work({"a", "!a"});
  CHECK(earlier.recall({5, 0}, hash("a")).kind == Recollection::done);
  CHECK(earlier.recall({5, 1}, hash("a")).kind == Recollection::failed);
}

TEST_CASE("earlier work: what was put aside by an earlier resume is found again") {
  EarlierWork earlier;
  earlier.add({.key = {0, 0}, .attempts = 1, .hash = hash("x")});
  earlier.add({.key = {0, 7}, .shelf = 4, .attempts = 1, .hash = hash("a")});
  earlier.complete();
  const Recalled recalled = earlier.recall({0, 0}, hash("a"));
  CHECK(recalled.kind == Recollection::done);
  REQUIRE(recalled.moves.size() == 2);
  CHECK(std::get<ShelvedRows>(recalled.moves[0]).shelf == 5);
  CHECK(std::get<RestoredRows>(recalled.moves[1]).shelf == 4);
}

TEST_CASE("earlier work: an instance whose work cannot be told goes on in its place only") {
  EarlierWork earlier;
  earlier.add({.key = {0, 0}, .outcome = AttemptOutcome::failed, .attempts = 3});
  earlier.add({.key = {0, 1}, .attempts = 1, .hash = hash("a")});
  earlier.complete();
  CHECK(earlier.recall({0, 0}, "").attempts == 3);
  CHECK(earlier.recall({0, 1}, "").kind == Recollection::changed);
}

TEST_CASE("earlier work: an attempt that ran when the tool died is interrupted") {
  EarlierWork earlier;
  earlier.add(
      {.key = {0, 0}, .outcome = AttemptOutcome::running, .attempts = 1, .hash = hash("a")});
  earlier.add({.key = {0, 1},
               .outcome = AttemptOutcome::failed,
               .interrupted = true,
               .attempts = 1,
               .hash = hash("b")});
  earlier.complete();
  CHECK(earlier.recall({0, 0}, hash("a")).kind == Recollection::interrupted);
  CHECK(earlier.recall({0, 1}, hash("b")).kind == Recollection::interrupted);
}

TEST_CASE("earlier work: of a task that has become smaller the rest is put aside") {
  EarlierWork earlier = work({"a", "b", "c"});
  CHECK(earlier.recall({0, 0}, hash("a")).kind == Recollection::done);
  const auto retired = earlier.retire(0, 1, 1000);
  REQUIRE(retired);
  CHECK(std::get<ShelvedRows>(*retired).first == 1);
  CHECK_FALSE(earlier.retire(0, 1, 1000));
  CHECK(earlier.recall({3, 0}, hash("c")).kind == Recollection::done);  // still there to be taken
}

TEST_CASE("displaced work: found elsewhere it makes its place's instance new, else changed") {
  EarlierWork earlier = work({"a", "b", "c"});
  DisplacedWork displaced;
  CHECK(displaced.hold(earlier.recall({0, 0}, hash("new")), {.name = "t[0]"}));
  CHECK(displaced.hold(earlier.recall({0, 1}, hash("other")), {.name = "t[1]"}));
  const Recalled moved = earlier.recall({0, 2}, hash("a"));
  CHECK_FALSE(displaced.hold(moved, {.name = "t[2]"}));
  const auto found = displaced.found(moved.moves);
  REQUIRE(found.size() == 1);
  CHECK(found[0].name == "t[0]");
  CHECK(found[0].reason == "new, not run before");
  const auto rest = displaced.rest();
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].name == "t[1]");
  CHECK(rest[0].reason == "changed, what it does is different");
  CHECK(displaced.rest().empty());
}

TEST_CASE("displaced work: of very many not all are kept") {
  std::vector<std::string> words(10'001);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = std::to_string(i);
  EarlierWork earlier = work(words);
  DisplacedWork displaced;
  std::size_t held = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    held += displaced.hold(earlier.recall({0, i}, hash("x" + words[i])), {}) ? 1 : 0;
  }
  CHECK(held == 10'000);
  CHECK(displaced.rest().size() == 10'000);
}

TEST_CASE("explain: the first of a kind are named, many are counted") {
  Explainer explainer;
  int named = 0;
  for (std::uint64_t index = 0; index < 1500; ++index) {
    const auto line = explainer.tell({.task = "pack",
                                      .name = "pack[" + std::to_string(index) + "]",
                                      .index = index,
                                      .decision = Decision::stays,
                                      .reason = reason_text(Recollection::done, "R")});
    if (index == 0) CHECK(line == "pack[0] stays: done before in run R");
    named += line ? 1 : 0;
  }
  CHECK(named == 10);
  explainer.tell({.task = "tar", .name = "tar", .reason = "new"});
  CHECK(explainer.summary() ==
        std::vector<std::string>{"of pack, 1,500 stay: done before in run R"});
}
