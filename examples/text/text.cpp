// SPDX-License-Identifier: MIT
// text.cpp - functions for corpus.toml, built into libtext.so: what is in a source file, what is in
// many, and a table for a person. How a file is cut into words stands in scan.hpp.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <openssl/evp.h>

#include <procfarm/codec.hpp>
#include <procfarm/export.hpp>

#include "scan.hpp"

namespace text {

constexpr std::size_t identifiers_per_file = 50;
constexpr std::size_t rows_in_report = 10;

/// What is in one file.
struct Digest {
  std::string path{};
  std::string sha256{};
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t tokens = 0;
  std::vector<Count> identifiers{};  // the most frequent ones
  MSGPACK_DEFINE_MAP(path, sha256, bytes, lines, tokens, identifiers)
};

/// What is in all of them.
struct Corpus {
  std::uint64_t files = 0;
  std::uint64_t distinct_files = 0;  // by content
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t tokens = 0;
  std::vector<Count> biggest{};
  std::vector<Count> identifiers{};
  MSGPACK_DEFINE_MAP(files, distinct_files, bytes, lines, tokens, biggest, identifiers)
};

std::string sha256(const std::string& content) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(content.data(), content.size(), hash, &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("EVP_Digest refused SHA-256");
  }
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", hash[i]);
  return hex;
}

Digest digest(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error("cannot read " + path);

  Words words = scan(content);
  return {.path = path,
          .sha256 = sha256(content),
          .bytes = content.size(),
          .lines = words.lines,
          .tokens = words.tokens,
          .identifiers = most(words.identifiers, identifiers_per_file)};
}

Corpus merge(const std::vector<Digest>& digests) {
  Corpus corpus{.files = digests.size()};
  std::map<std::string, std::uint64_t> contents;
  std::map<std::string, std::uint64_t> sizes;
  std::map<std::string, std::uint64_t> identifiers;
  for (const Digest& file : digests) {
    ++contents[file.sha256];
    sizes[file.path] = file.bytes;
    corpus.bytes += file.bytes;
    corpus.lines += file.lines;
    corpus.tokens += file.tokens;
    for (const Count& identifier : file.identifiers) {
      identifiers[identifier.name] += identifier.count;
    }
  }
  corpus.distinct_files = contents.size();
  corpus.biggest = most(sizes, rows_in_report);
  corpus.identifiers = most(identifiers, rows_in_report);
  return corpus;
}

void print_counts(const char* title, const std::vector<Count>& counts) {
  fmt::print("\n{}\n", title);
  for (const Count& row : counts) fmt::print("{:>12}  {}\n", row.count, row.name);
}

/// Prints the corpus and `levels`: lines of tool, level, size before, size after, nanoseconds.
void report(const Corpus& corpus, const std::string& levels) {
  fmt::print("{} headers ({} different), {} lines, {} tokens, {:.1f} MiB\n", corpus.files,
             corpus.distinct_files, corpus.lines, corpus.tokens,
             static_cast<double>(corpus.bytes) / (1 << 20));
  print_counts("biggest files: bytes", corpus.biggest);
  print_counts("identifiers: uses, from the 50 most frequent of each file", corpus.identifiers);

  fmt::print("\ncompression: ratio, seconds, MiB/s\n");
  std::istringstream lines(levels);
  std::string tool;
  int level = 0;
  for (double before = 0, after = 0, nanoseconds = 0;
       lines >> tool >> level >> before >> after >> nanoseconds;) {
    const double seconds = nanoseconds / 1e9;
    fmt::print("{:>9} -{} {:8.2f} {:8.2f} {:8.1f}\n", tool, level, before / after, seconds,
               before / (1 << 20) / seconds);
  }
}

}  // namespace text

PROCFARM_EXPORT(procfarm::function<text::digest>("digest", {"path"}, "what is in one source file"),
                procfarm::function<text::merge>("merge", {"digests"},
                                                "sums and tops of many digests"),
                procfarm::function<text::report>("report", {"corpus", "levels"},
                                                 "prints the table"))
