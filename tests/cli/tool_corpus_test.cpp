// SPDX-License-Identifier: MIT
// tool_corpus_test.cpp - examples/corpus.toml on a small corpus made here: every figure of its
// report against a serial computation by other programs (sha256sum, wc, tar, gzip, xz) and by a
// tokenizer that shares nothing with the example's.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tool_process.hpp"

using namespace procfarm::cli;

namespace {

namespace fs = std::filesystem;
using Counts = std::map<std::string, std::uint64_t>;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

/// A source with comments, literals and words; the same for the same seed.
std::string source(unsigned seed, int lines) {
  const std::vector<std::string> pieces{"int alpha_1 = 0x1F;",
                                        "/* a \"comment\"\n * it's long */",
                                        "#include <stdio.h>",
                                        "beta(alpha_1, gamma);",
                                        "// to the end of the line",
                                        "char* text = \"a \\\" b\";",
                                        "return beta ? 'x' : gamma[3];",
                                        "#error don't",
                                        "struct delta { long x; };",
                                        ""};
  std::string text;
  for (int line = 0; line < lines; ++line) {
    seed = seed * 1664525U + 1013904223U;
    text += pieces[(seed >> 16U) % pieces.size()] + "\n";
  }
  return text;
}

/// Nested folders, names with blanks, equal files, an empty one, and things that are no headers.
void make_corpus(const fs::path& folder) {
  for (unsigned i = 0; i < 24; ++i) {
    const fs::path path = folder / fmt::format("part {}", i % 3) / fmt::format("file_{}.h", i);
    fs::create_directories(path.parent_path());
    std::ofstream(path) << source(i / 2, 5 + static_cast<int>(i) * 7);
  }
  fs::create_directories(folder / "deep" / "er");
  fs::copy_file(folder / "part 0" / "file_0.h", folder / "deep" / "er" / "copy.h");
  std::ofstream(folder / "deep" / "empty.h").flush();
  std::ofstream(folder / "deep" / "not_a_header.c") << "int x;\n";
}

/// The output of a shell line, run in `directory`.
std::string shell(const std::string& directory, const std::string& line) {
  std::FILE* pipe = ::popen(("cd '" + directory + "' && " + line).c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen");
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  CHECK(::pclose(pipe) == 0);
  return text.substr(0, text.find_last_not_of('\n') + 1);
}

struct Tokens {
  std::uint64_t count = 0;
  Counts identifiers{};
};

void count_tokens(const std::string& text, Tokens& tokens) {
  static const std::regex token(
      R"(/\*[^]*?\*/|//[^\n]*|("(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?)|([A-Za-z_]\w*)|(\w+|\S))");
  static const std::set<std::string> keywords{"int",  "include", "char",  "return",
                                              "long", "error",   "struct"};
  for (std::sregex_iterator match(text.begin(), text.end(), token), end; match != end; ++match) {
    const bool is_word = (*match)[2].matched;
    if (is_word || (*match)[1].matched || (*match)[3].matched) ++tokens.count;
    if (is_word && keywords.count(match->str()) == 0) ++tokens.identifiers[match->str()];
  }
}

std::string top(const Counts& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  sorted.resize(std::min<std::size_t>(sorted.size(), 10));
  std::string text;
  for (const auto& [name, count] : sorted) text += fmt::format("{:>12}  {}\n", count, name);
  return text;
}

/// The report up to the table of compression.
std::string expected_counts(const std::string& corpus) {
  const std::string headers = "find '" + corpus + "' -name '*.h' -print0 | ";
  Tokens tokens;
  Counts sizes;
  for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
    if (entry.path().extension() != ".h") continue;
    count_tokens(content_of(entry.path()), tokens);
    sizes[entry.path().string()] = entry.file_size();
  }
  const auto number = [](const std::string& text) { return std::stod(text); };
  return fmt::format(
      "{} headers ({} different), {} lines, {} tokens, {:.1f} MiB\n"
      "\nbiggest files: bytes\n{}"
      "\nidentifiers: uses, from the 50 most frequent of each file\n{}"
      "\ncompression: ratio, seconds, MiB/s\n",
      shell(corpus, headers + "tr -dc '\\0' | wc -c"),
      shell(corpus, headers + "xargs -0 sha256sum | cut -c1-64 | sort -u | wc -l"),
      shell(corpus, headers + "xargs -0 cat | wc -l"), tokens.count,
      number(shell(corpus, headers + "xargs -0 cat | wc -c")) / (1 << 20), top(sizes),
      top(tokens.identifiers));
}

/// Tool, level and ratio of each row: the columns that do not depend on the machine.
std::vector<std::string> expected_ratios(const std::string& directory) {
  const double before = std::stod(shell(directory, "wc -c < out/corpus.tar"));
  std::vector<std::string> rows;
  for (const char* packer : {"gzip -1", "gzip -6", "gzip -9", "xz -1", "xz -6"}) {
    const std::string size = shell(directory, fmt::format("{} -c out/corpus.tar | wc -c", packer));
    rows.push_back(fmt::format("{:>12} {:8.2f}", packer, before / std::stod(size)));
  }
  return rows;
}

}  // namespace

TEST_CASE("example: the report of corpus.toml is what other programs say of the same files") {
  ToolBench bench;
  const std::string corpus = bench.path("corpus");
  make_corpus(corpus);
  const fs::path modules = std::getenv("PROCFARM_TEST_MODULES");
  const std::string library = (modules / "../../examples/libtext.so").lexically_normal();
  std::string job = content_of(fs::path(PROCFARM_EXAMPLES) / "corpus.toml");
  job = replaced(job, "/usr/include", corpus);
  bench.write("corpus.toml", replaced(job, "../build/release/examples/libtext.so", library));

  const ToolResult result = run_tool(bench, {"run", "corpus.toml", "-j", "3"});

  CAPTURE(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.err, "35 passed"));  // 26 digests, merge, tar, 5 of pack, levels, report
  const std::string counts = expected_counts(corpus);
  REQUIRE(result.out.size() > counts.size());
  CHECK(result.out.substr(0, counts.size()) == counts);
  std::istringstream table(result.out.substr(counts.size()));
  for (const std::string& row : expected_ratios(bench.path(""))) {
    std::string line;
    std::getline(table, line);
    CHECK(line.substr(0, row.size()) == row);
    double seconds = 0;
    double speed = 0;
    std::istringstream rest(line.substr(std::min(row.size(), line.size())));
    rest >> seconds >> speed;
    CHECK_FALSE(rest.fail());
    CHECK(speed > 0);
  }
  CHECK(table.peek() == EOF);
  // The archive has every header and nothing else, as it is on the disk.
  shell(bench.path(""), "tar dPf out/corpus.tar");
  CHECK(shell(bench.path(""), "tar tPf out/corpus.tar | sort") ==
        shell(bench.path(""), "find '" + corpus + "' -name '*.h' | sort"));
}
