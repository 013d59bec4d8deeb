// SPDX-License-Identifier: MIT
// source_glob_test.cpp - which paths a pattern finds, and in which order.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "coordinator/cli/diagnostic.hpp"
#include "scratch_directory.hpp"
#include "source_rows.hpp"

using namespace procfarm::cli;

namespace {

struct Tree : ScratchDirectory {
  Tree() {
    for (const char* name : {"b.h", "a.h", "a.c", ".hidden.h", "src/z.h", "src/deep/x.h",
                             "src/deep/src/y.h", "src/.git/g.h", "lib/l.h", "odd [1].h"}) {
      write(name, "");
    }
    std::filesystem::create_directory_symlink("src", path() + "/link");
    std::filesystem::create_symlink("a.h", path() + "/s.h");
  }

  /// The paths found, separated by blanks.
  std::string find(const std::string& pattern) const {
    std::string found;
    for (const std::string& row : all_rows(glob_source(pattern, path(), {.as = "p"}))) {
      found += (found.empty() ? "" : " ") + (row.starts_with("p=") ? row.substr(2) : row);
    }
    return found;
  }
};

}  // namespace

TEST_CASE("patterns find paths, sorted in each directory, each once") {
  const Tree tree;
  struct {
    const char* pattern;
    const char* found;
  } const rows[] = {
      {"*.h", "a.h b.h odd [1].h s.h"},
      {"[ab].?", "a.c a.h b.h"},
      {"a.h", "a.h"},
      {"./a.*", "./a.c ./a.h"},
      {"missing", ""},
      {".*", ".hidden.h"},
      {"odd \\[1\\].h", "odd [1].h"},
      {"*/*.h", "lib/l.h src/z.h"},
      {"src/*", "src/deep src/z.h"},
      {"*/", "lib src"},
      {"**/*.h", "a.h b.h lib/l.h odd [1].h s.h src/deep/src/y.h src/deep/x.h src/z.h"},
      {"src/**", "src/deep src/deep/src src/deep/src/y.h src/deep/x.h src/z.h"},
      {"**/", "lib src src/deep src/deep/src"},
      {"**/src/**/*.h", "src/deep/src/y.h src/deep/x.h src/z.h"},
      {"**/**/y.h", "src/deep/src/y.h"},
      {"src/**/deep/*", "src/deep/src src/deep/x.h"},
      {"src/.*/*", "src/.git/g.h"},
      {"src/.git/*", "src/.git/g.h"},
      {"link/*.h", "link/z.h"},
      {"l*/*.h", "lib/l.h"},
      {"src/../lib/*", "src/../lib/l.h"},
      {"src//*.h", "src//z.h"},
  };
  for (const auto& row : rows) {
    CAPTURE(std::string(row.pattern));
    CHECK(tree.find(row.pattern) == row.found);
  }
}

TEST_CASE("an absolute pattern gives absolute paths") {
  const Tree tree;
  CHECK(tree.find(tree.path() + "/lib/*") == tree.path() + "/lib/l.h");
}

TEST_CASE("limit, skip, the default name and the number of a row") {
  const Tree tree;
  CHECK(all_rows(glob_source("*.h", tree.path(), {.skip = 1, .limit = 1})) == Rows{"path=b.h"});
  const auto source = glob_source("a.*", tree.path());
  CHECK(source->names() == Rows{"path"});
  CHECK(source->next()->line == 1);
  CHECK(source->next()->line == 2);
}

TEST_CASE("a directory is read only when the walk comes to it") {
  const Tree tree;
  const auto source = glob_source("**/*.h", tree.path());
  CHECK(row_text(*source->next()) == "path=a.h");
  tree.write("lib/new.h", "");
  const Rows rest = all_rows(source);
  CHECK(std::count(rest.begin(), rest.end(), "path=lib/new.h") == 1);
}

TEST_CASE("a directory that vanishes during the walk is no error") {
  const Tree tree;
  const auto source = glob_source("**/*.h", tree.path());
  CHECK(source->next());
  std::filesystem::remove_all(tree / "src");
  CHECK(all_rows(source) == Rows{"path=b.h", "path=lib/l.h", "path=odd [1].h", "path=s.h"});
}

TEST_CASE("file names keep their bytes") {
  const ScratchDirectory directory;
  directory.write("new\nline.x", "");
  directory.write("-rf.x", "");
  directory.write("\xff.x", "");
  CHECK(all_rows(glob_source("*.x", directory.path())) ==
        Rows{"path=-rf.x", "path=new\nline.x", "path=\xff.x"});
}

TEST_CASE("a pattern that begins with no directory is an error that names it") {
  const Tree tree;
  const auto source = glob_source("nowhere/*.h", tree.path());
  CHECK_THROWS_WITH_AS(
      (void)source->next(),
      (tree.path() + "/nowhere/: no such directory, which the glob pattern begins with").c_str(),
      JobError);
}

TEST_CASE("a directory that cannot be read is a bad row, and the walk goes on") {
  if (::geteuid() == 0) return;  // root reads everything
  const Tree tree;
  std::filesystem::permissions(tree / "lib", std::filesystem::perms::none);
  const Rows rows = all_rows(glob_source("*/*.h", tree.path()));
  std::filesystem::permissions(tree / "lib", std::filesystem::perms::owner_all);
  CHECK(rows == Rows{"! cannot read directory " + tree.path() + "/lib/: Permission denied",
                     "path=src/z.h"});
}

TEST_CASE("a pattern that can match nothing is refused") {
  for (const char* pattern : {"", "/", "*/../x", "."}) {
    CAPTURE(std::string(pattern));
    CHECK_THROWS_AS((void)glob_source(pattern, "/tmp"), std::invalid_argument);
  }
}
