// SPDX-License-Identifier: MIT
// download_images.cpp - large files from one server into a folder. The server says in SHA256SUMS
// what there is; a file gets its name only when it is whole and its content is right.
//   download_images http://localhost/pictures --into pictures
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <procfarm/procfarm.hpp>

#include "net/digest.hpp"
#include "net/http.hpp"
#include "ways.hpp"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int default_workers = 6;
constexpr milliseconds limit = 5min;  // for one file
constexpr int ok = 200;

/// A line of SHA256SUMS.
struct Wanted {
  std::string name{};
  std::string sha256{};
};

/// What came of one file.
struct Download {
  std::string name{};
  std::uint64_t bytes = 0;
  std::string trouble{};

  /// The same came of it; the words of an error differ from executor to executor.
  bool operator==(const Download& other) const {
    return name == other.name && bytes == other.bytes && trouble.empty() == other.trouble.empty();
  }
};

/// NAME.part, which becomes NAME when it is complete. If it never is, nothing is left.
class PartFile {
 public:
  explicit PartFile(const fs::path& path)
      : path_(path), part_(path.string() + ".part"), out_(part_, std::ios::binary) {
    expect("create");
  }
  ~PartFile() {
    std::error_code ignored;
    if (!complete_) fs::remove(part_, ignored);
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  void write(std::string_view piece) {
    out_.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    expect("write");
  }
  void complete() {
    out_.close();
    expect("write");
    fs::rename(part_, path_);
    complete_ = true;
  }

 private:
  void expect(const char* what) const {
    if (!out_) throw std::runtime_error(fmt::format("cannot {} {}", what, part_.string()));
  }

  fs::path path_;
  fs::path part_;
  std::ofstream out_;
  bool complete_ = false;
};

/// The size of the file. What goes wrong is thrown, and so tried again.
std::uint64_t download(const std::string& url, const fs::path& path, const std::string& sha256) {
  PartFile file(path);
  net::Sha256 hash;
  std::uint64_t size = 0;
  const net::Response response =
      net::client().send({.url = url, .limit = limit, .stop = procfarm::this_task::stop_token()},
                         [&](std::string_view piece) {
                           file.write(piece);
                           hash.add(piece);
                           size += piece.size();
                           return true;
                         });
  if (response.status != ok) {
    throw std::runtime_error(fmt::format("{}: status {}", url, response.status));
  }
  // A shorter body than was announced has failed in send(); without an announcement the digest
  // tells.
  if (hash.hex() != sha256) throw std::runtime_error(url + ": the content is not as announced");
  file.complete();
  return size;
}

/// In the order of `wanted`.
std::vector<Download> download_all(procfarm::Executor auto& executor, const std::string& from,
                                   const fs::path& into, const std::vector<Wanted>& wanted) {
  auto patient = executor.with({.name = "download", .retry = {.max_attempts = 2, .delay = 100ms}});
  std::vector<procfarm::Future<std::uint64_t>> futures;
  for (const Wanted& file : wanted) {
    futures.push_back(
        patient.template submit<download>(from + "/" + file.name, into / file.name, file.sha256));
  }
  std::vector<Download> all;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    Download download{.name = wanted[i].name};
    try {
      download.bytes = futures[i].result();
    } catch (const std::exception& error) {
      download.trouble = error.what();
    }
    all.push_back(std::move(download));
  }
  return all;
}

/// Names come from outside: none may lead out of the folder.
bool is_plain(const std::string& name) {
  return !name.empty() && name.front() != '.' && fs::path(name).filename() == name;
}

/// As `sha256sum *` writes it.
std::vector<Wanted> read_sums(const std::string& text, const std::string& url) {
  std::vector<Wanted> wanted;
  std::istringstream lines(text);
  for (Wanted file; lines >> file.sha256 >> std::ws && std::getline(lines, file.name);) {
    if (!file.name.empty() && file.name.front() == '*') file.name.erase(0, 1);  // "binary"
    if (!is_plain(file.name)) throw std::runtime_error(url + ": this is no name: " + file.name);
    wanted.push_back(file);
  }
  return wanted;
}

int download_images(int argc, char** argv) {
  CLI::App app("Downloads what the SHA256SUMS of a URL names.");
  std::string from;
  std::string into = ".";
  std::string with = "all";
  int workers = default_workers;
  app.add_option("from", from, "URL of the folder")->required();
  app.add_option("--into", into, "where the files go");
  app.add_option("--with", with, "serial, threads, processes or all");
  app.add_option("--workers", workers, "so many at a time")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);

  const std::string sums_url = from + "/SHA256SUMS";
  const net::Response sums = net::client().send({.url = sums_url});
  if (sums.status != ok) {
    throw std::runtime_error(fmt::format("{}: status {}", sums_url, sums.status));
  }
  const std::vector<Wanted> wanted = read_sums(sums.body, sums_url);
  fs::create_directories(into);

  const std::vector<Download> all = ways::run(ways::chosen(with), workers, [&](auto& executor) {
    return download_all(executor, from, into, wanted);
  });
  int failed = 0;
  for (const Download& file : all) {
    if (file.trouble.empty()) {
      fmt::print("{:>10} bytes  {}\n", file.bytes, file.name);
    } else {
      fmt::print("{:>16}  {}: {}\n", "failed", file.name, file.trouble);
      ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);  // first line of main: in a worker it does not return
  try {
    return download_images(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "download_images: {}\n", error.what());
    return 1;
  }
}
