// SPDX-License-Identifier: MIT
// upload_blobs.cpp - many small documents into Azure Blob Storage. What is there already is not
// sent again, so a run that was stopped is simply started anew; at the end all is looked at.
//   upload_blobs --count 85000 --with processes
//   upload_blobs --count 5000 --container trial     # each way into a container of its own
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <procfarm/procfarm.hpp>

#include "blobs/documents.hpp"
#include "net/azure.hpp"
#include "net/digest.hpp"
#include "ways.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t default_count = 85'000;
constexpr int default_workers = 5;
constexpr double default_limit = 20;  // seconds
constexpr auto last_resort = 5s;      // for what libcurl does not see
constexpr std::uint32_t news_every = 10'000;
constexpr std::size_t failures_told = 5;

/// What came of all documents.
struct Report {
  std::uint32_t uploaded = 0;
  std::uint32_t skipped = 0;
  std::uint32_t failed = 0;
  std::uint32_t further_attempts = 0;
  double seconds = 0;  // for the documents, without lists and checks

  /// The same came of it: not how, nor how long it took.
  bool operator==(const Report& other) const {
    return uploaded + skipped == other.uploaded + other.skipped && failed == other.failed;
  }
};

/// Where the documents go, and how long one transfer may take. Travels to workers.
struct Target {
  net::Container container{};
  std::int64_t limit_ms = 0;  // inside of MSGPACK_DEFINE only numbers travel, no durations
  MSGPACK_DEFINE(container, limit_ms)

  std::chrono::milliseconds limit() const { return std::chrono::milliseconds(limit_ms); }
};

net::Patience patience(const Target& target) {
  return {.limit = target.limit(), .stop = procfarm::this_task::stop_token()};
}

// What workers do. What is thrown is tried again, so a refusal is an answer.

/// Empty, or why the server refuses it.
std::string create(const Target& target) {
  try {
    create_container(target.container, patience(target));
    return {};
  } catch (const net::Refused& refusal) {
    return refusal.what();
  }
}

net::Page list(const Target& target, const std::string& from) {
  return list_page(target.container, "", from, patience(target));
}

/// Empty, or why the server refuses it.
std::string upload(const Target& target, std::uint32_t number) {
  try {
    blobs::upload(target.container, number, patience(target));
    return {};
  } catch (const net::Refused& refusal) {
    return refusal.what();
  }
}

/// A busy server, a transfer that takes too long, a worker that dies: all worth another try.
procfarm::TaskOptions persistent(const Target& target) {
  return {.name = "upload",
          .timeout = target.limit() + last_resort,
          .retry = {.max_attempts = 8, .delay = 100ms, .max_delay = 5s}};
}

/// The MD5 of each document, by its number.
std::vector<std::string> expected_md5s(std::uint32_t count) {
  std::vector<std::string> all;
  for (std::uint32_t i = 0; i < count; ++i) all.push_back(net::md5(blobs::document(i)));
  return all;
}

/// The documents that are not in the container as they should be. To ask for the list costs a
/// request for each 5,000 of them; to ask for each would cost as many requests as to upload all.
std::vector<std::uint32_t> missing(auto& submitter, const Target& target,
                                   const std::vector<std::string>& md5s) {
  std::map<std::string, std::string> there;
  net::Page page;
  do {
    page = submitter.template submit<list>(target, page.next).result();
    there.merge(page.md5s);
  } while (!page.next.empty());
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < md5s.size(); ++i) {
    const auto found = there.find(blobs::name_of(i));
    if (found == there.end() || found->second != md5s[i]) numbers.push_back(i);
  }
  return numbers;
}

/// Uploads these, and tells of progress and of the first failures on standard error.
void upload_these(auto& submitter, const Target& target, const std::vector<std::uint32_t>& numbers,
                  Report& report) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<procfarm::Future<std::string>> futures;
  for (const std::uint32_t number : numbers) {
    futures.push_back(submitter.template submit<upload>(target, number));
  }
  for (auto& future : procfarm::as_completed(std::move(futures))) {
    std::string trouble;
    try {
      trouble = future.result();
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    ++(trouble.empty() ? report.uploaded : report.failed);
    if (!trouble.empty() && report.failed <= failures_told) fmt::print(stderr, "{}\n", trouble);
    report.further_attempts += static_cast<std::uint32_t>(future.info().attempts - 1);
    if ((report.uploaded + report.failed) % news_every == 0) {
      fmt::print(stderr, "{} of {}\n", report.uploaded + report.failed, numbers.size());
    }
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Report upload_all(procfarm::Executor auto& executor, const Target& target,
                  const std::vector<std::string>& md5s) {
  auto submitter = ways::with(executor, persistent(target));
  const std::string refusal = submitter.template submit<create>(target).result();
  if (!refusal.empty()) throw std::runtime_error(refusal);
  const std::vector<std::uint32_t> numbers = missing(submitter, target, md5s);
  Report report{.skipped = static_cast<std::uint32_t>(md5s.size() - numbers.size())};
  upload_these(submitter, target, numbers, report);
  fmt::print("uploaded {}, skipped {}, failed {}, further attempts {}", report.uploaded,
             report.skipped, report.failed, report.further_attempts);
  if (report.uploaded > 0) fmt::print(", {:.0f} documents/s", report.uploaded / report.seconds);
  const std::size_t wrong =
      report.uploaded > 0 ? missing(submitter, target, md5s).size() : numbers.size();
  fmt::print("; {} of {} are there\n", md5s.size() - wrong, md5s.size());
  if (wrong != report.failed) throw std::runtime_error("the container is not as it should be");
  return report;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

int upload_blobs(int argc, char** argv) {
  CLI::App app("Uploads documents to Azure Blob Storage.");
  std::uint32_t count = default_count;
  int workers = default_workers;
  std::string with = "all";
  double seconds = default_limit;
  std::string name = "documents";
  std::string connection = environment("AZURE_STORAGE_CONNECTION_STRING");
  app.add_option("--count", count, "so many documents");
  app.add_option("--container", name, "where they go");
  app.add_option("--connection", connection, "default: AZURE_STORAGE_CONNECTION_STRING");
  app.add_option("--with", with, "serial, threads, processes or all");
  app.add_option("--workers", workers, "so many at a time")->check(CLI::PositiveNumber);
  app.add_option("--limit", seconds, "seconds for one transfer")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);

  const auto limit =
      std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
  const std::vector<std::string> md5s = expected_md5s(count);
  const std::vector<ways::Way> all = ways::chosen(with);
  std::size_t turn = 0;
  const Report report = ways::run(all, workers, [&](auto& executor) {
    // A second way would find nothing to do where the first one was.
    const std::string whose =
        all.size() > 1 ? fmt::format("{}-{}", name, ways::name(all[turn++])) : name;
    return upload_all(executor, {net::container_of(connection, whose), limit.count()}, md5s);
  });
  return report.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);  // first line of main: in a worker it does not return
  try {
    return upload_blobs(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "upload_blobs: {}\n", error.what());
    return 1;
  }
}
