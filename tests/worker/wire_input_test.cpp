// SPDX-License-Identifier: MIT
// wire_input_test.cpp - a coordinator whose workers say what they should not: each
// fault costs at most the worker that has it, never the pool, and no future is left without an
// answer.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include <procfarm/errors.hpp>
#include <procfarm/process_pool_executor.hpp>
#include <procfarm/wire/message.hpp>

#include "support/patience.hpp"
#include "worker/impostor_path.hpp"

using namespace procfarm;
using namespace std::chrono_literals;

namespace {

int question(int) { throw std::logic_error("no impostor runs this"); }

ProcessPoolOptions impostor(const std::string& fault) {
  ProcessPoolOptions options{.max_workers = 1, .start_method = StartMethod::forkserver};
  options.program = impostor_path;
  options.env = {{"PROCFARM_IMPOSTOR", fault}};
  return options;
}

/// The text of the error that the only task of such a pool ends with.
std::string only_error(const std::string& fault) {
  ProcessPoolExecutor pool(impostor(fault));
  try {
    pool.submit<question>(1).result();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("junk, unknown tokens and lives before the greeting hurt nobody") {
  ProcessPoolExecutor pool(impostor("junk first"));
  for (int i = 0; i < 3; ++i) CHECK(pool.submit<question>(i).result() == 42);
  CHECK(pool.stats().workers_lost == 0);
}

TEST_CASE("a greeting that comes again changes nothing") {
  ProcessPoolExecutor pool(impostor("twice"));
  for (int i = 0; i < 3; ++i) CHECK(pool.submit<question>(i).result() == 42);
  CHECK(pool.stats().workers_lost == 0);
}

TEST_CASE("results of tasks, attempts and numbers that a worker does not have are dropped") {
  ProcessPoolExecutor pool(impostor("foreign results"));
  for (int i = 0; i < 3; ++i) CHECK(pool.submit<question>(i).result() == 42);
  CHECK(pool.stats().late_results == 12);
}

TEST_CASE("a worker that says nonsense is replaced, and its tasks go to the next one") {
  std::string fault;
  SUBCASE("an undecodable message") { fault = "junk"; }
  SUBCASE("a failed initializer, when it has none") { fault = "failed late"; }
  ProcessPoolExecutor pool(impostor(fault));
  TaskOptions twice;  // the first one may have begun it
  twice.retry.max_attempts = 2;
  CHECK(pool.with(twice).submit<question>(1).result() == 42);
  // It may have finished the task before its end was reported.
  CHECK(support::eventually([&pool] { return pool.stats().workers_lost == 1; }));
}

TEST_CASE("a worker whose result is malformed is lost, and its task says so") {
  std::string fault;
  SUBCASE("a large result that is not there") { fault = "short arena"; }
  SUBCASE("a record of an unknown kind") { fault = "odd record"; }
  ProcessPoolExecutor pool(impostor(fault));
  CHECK_THROWS_AS(pool.submit<question>(1).result(), WorkerLost);
  CHECK(pool.submit<question>(2).result() == 42);
}

TEST_CASE("workers of another protocol version break the pool, naming both versions") {
  const std::string error = only_error("version");
  CHECK(error.find("protocol version " + std::to_string(wire::protocol_version + 1)) !=
        std::string::npos);
  CHECK(error.find("speaks " + std::to_string(wire::protocol_version)) != std::string::npos);
}

TEST_CASE("a chunk that began without an item goes back whole when its worker dies") {
  ProcessPoolExecutor pool(impostor("dies before an item"));
  std::vector<int> results;
  for (const int each : pool.map<question>(MapOptions{.chunksize = 2}, std::vector{1, 2}))
    results.push_back(each);
  CHECK(results == std::vector{42, 42});
  CHECK(support::eventually([&pool] { return pool.stats().workers_lost == 1; }));
  CHECK(pool.stats().pending == 0);
}

TEST_CASE("a chunk that ends without an item is cancelled") {
  ProcessPoolExecutor pool(impostor("no item"));
  auto results = pool.map<question>(MapOptions{.chunksize = 2}, std::vector{1, 2});
  CHECK_THROWS_AS(static_cast<void>(*results.begin()), CancelledError);
  CHECK(pool.stats().cancelled == 2);
  CHECK(pool.stats().pending == 0);
}
