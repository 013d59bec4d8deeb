// SPDX-License-Identifier: MIT
// url_status.cpp - the status code of each of many URLs. A host that refuses, hangs or does not
// exist is an entry of the result, never the end of the batch.
//   url_status --file urls.txt
//   url_status http://localhost/ https://localhost/
#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <procfarm/procfarm.hpp>

#include "net/http.hpp"
#include "ways.hpp"

namespace {

using std::chrono::milliseconds;

constexpr int default_workers = 6;
constexpr std::size_t enough_body = 1 << 20;  // to read on is dearer than a new connection
constexpr auto last_resort = milliseconds{2000};

/// What came of one URL.
struct Answer {
  std::string url{};
  int status = 0;         // 0: there was none
  std::string trouble{};  // then: why
  MSGPACK_DEFINE_MAP(url, status, trouble)

  bool operator==(const Answer&) const = default;
};

/// The body is read, and dropped, so that the connection can serve the next URL of this host.
Answer ask(const std::string& url, milliseconds limit) {
  std::size_t size = 0;
  try {
    const net::Response response = net::client().send(
        {.url = url, .limit = limit, .stop = procfarm::this_task::stop_token()},
        [&size](std::string_view piece) { return (size += piece.size()) < enough_body; });
    return {.url = url, .status = response.status};
  } catch (const net::TransferError& error) {
    const bool known = error.trouble() != net::Trouble::other;
    return {.url = url, .trouble = known ? std::string(words(error.trouble())) : error.what()};
  }
}

/// In the order of `urls`.
std::vector<Answer> ask_all(procfarm::Executor auto& executor, const std::vector<std::string>& urls,
                            milliseconds limit) {
  // The transfer has its own limit; this one is for what hangs where libcurl cannot see it, and
  // only a process can be ended then.
  auto limited = ways::with(executor, {.name = "url_status", .timeout = limit + last_resort});
  std::vector<procfarm::Future<Answer>> futures;
  for (const std::string& url : urls) futures.push_back(limited.template submit<ask>(url, limit));
  std::vector<Answer> answers;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    try {
      answers.push_back(futures[i].result());
    } catch (const procfarm::TaskTimeout&) {
      answers.push_back({.url = urls[i], .trouble = std::string(words(net::Trouble::timed_out))});
    } catch (const procfarm::Error& error) {  // such as WorkerLost: one answer, not all of them
      answers.push_back({.url = urls[i], .trouble = error.what()});
    }
  }
  return answers;
}

/// Each once, in the order in which they come first: the result is keyed by them.
std::vector<std::string> distinct(const std::vector<std::string>& urls) {
  std::unordered_set<std::string> seen;
  std::vector<std::string> first;
  std::copy_if(urls.begin(), urls.end(), std::back_inserter(first),
               [&seen](const std::string& url) { return seen.insert(url).second; });
  return first;
}

void append_lines(const std::string& path, std::vector<std::string>& urls) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty() && line.front() != '#') urls.push_back(std::move(line));
  }
  if (!file.eof()) throw std::runtime_error("cannot read " + path);
}

int url_status(int argc, char** argv) {
  CLI::App app("The status code of each URL.");
  std::vector<std::string> urls;
  std::string file;
  std::string with = "all";
  int workers = default_workers;
  double seconds = 5;
  app.add_option("urls", urls, "URLs");
  app.add_option("--file", file, "a file with one URL per line");
  app.add_option("--with", with, "serial, threads, processes or all");
  app.add_option("--workers", workers, "so many at a time")->check(CLI::PositiveNumber);
  app.add_option("--limit", seconds, "seconds for each URL")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  if (!file.empty()) append_lines(file, urls);
  urls = distinct(urls);

  const auto limit = std::chrono::ceil<milliseconds>(std::chrono::duration<double>(seconds));
  const std::vector<Answer> answers =
      ways::run(ways::chosen(with), workers,
                [&urls, limit](auto& executor) { return ask_all(executor, urls, limit); });
  for (const Answer& answer : answers) {
    fmt::print("{:<12} {}\n", answer.status != 0 ? std::to_string(answer.status) : answer.trouble,
               answer.url);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);  // first line of main: in a worker it does not return
  try {
    return url_status(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "url_status: {}\n", error.what());
    return 1;
  }
}
