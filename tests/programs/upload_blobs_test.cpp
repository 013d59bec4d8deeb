// SPDX-License-Identifier: MIT
// upload_blobs_test.cpp - the program and the job file against a real object store: all arrives,
// once; what was stopped is completed; a server that is busy or silent now and then is no trouble.
#include <doctest/doctest.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "azurite.hpp"
#include "child.hpp"
#include "examples/blobs/documents.hpp"
#include "examples/net/digest.hpp"
#include "nginx.hpp"
#include "ports.hpp"
#include "support/patience.hpp"

using namespace programs;

namespace {

constexpr std::uint32_t documents = 2000;
constexpr std::uint32_t few_documents = 300;

std::vector<std::string> environment(const std::string& connection) {
  return {"no_proxy=*", "AZURE_STORAGE_CONNECTION_STRING=" + connection};
}

std::vector<std::string> words(const std::string& with, std::uint32_t count,
                               const std::string& container) {
  return {"--with", with, "--count", std::to_string(count), "--container", container};
}

std::string says(std::uint32_t uploaded, std::uint32_t skipped) {
  return fmt::format("uploaded {}, skipped {}, failed 0", uploaded, skipped);
}

std::string replaced(std::string text, const std::string& old, const std::string& by) {
  const std::size_t at = text.find(old);
  if (at == std::string::npos) throw std::runtime_error("it does not contain " + old);
  return text.replace(at, old.size(), by);
}

}  // namespace

TEST_CASE("upload_blobs: all arrive, and the next run sends only what is not as it should be" *
          needs_azurite()) {
  const Azurite server;
  ScratchDirectory directory;
  for (const std::string with : {"serial", "threads", "processes"}) {
    CAPTURE(with);
    const std::uint32_t count = with == "processes" ? documents : few_documents;
    const net::Container container = net::container_of(server.connection(), with + "-documents");
    const auto run = [&] {
      return run_example(directory, "upload_blobs", words(with, count, container.name),
                         environment(server.connection()));
    };
    const Ending first = run();
    CAPTURE(first.err);
    CHECK(first.exit_code == 0);
    CHECK(contains(first.out, says(count, 0)));
    CHECK(documents_in(container, count) == count);
    for (const std::uint32_t number : {0U, 77U, count - 1}) {
      CHECK(net::get_blob(container, blobs::name_of(number), {}) == blobs::document(number));
    }

    net::put_blob(container, blobs::name_of(77), "other", net::md5("other"), {});
    CHECK(contains(run().out, says(1, count - 1)));
    CHECK(contains(run().out, says(0, count)));
    CHECK(documents_in(container, count) == count);
  }
}

TEST_CASE("upload_blobs: a run that was killed is completed by the next one" * needs_azurite()) {
  const Azurite server;
  ScratchDirectory directory;
  const net::Container container = net::container_of(server.connection(), "documents");
  net::create_container(container, {});
  std::vector<std::string> argv = words("processes", documents, container.name);
  argv.insert(argv.begin(), example("upload_blobs"));

  Child killed(directory, argv, environment(server.connection()));
  REQUIRE(support::eventually([&] { return documents_in(container, documents) > 0; }));
  killed.send(SIGKILL);
  CHECK(killed.wait().exit_code == 128 + SIGKILL);
  const std::uint32_t there = documents_in(container, documents);
  CHECK(there < documents);

  const Ending second = Child(directory, argv, environment(server.connection())).wait();
  CAPTURE(second.err);
  CHECK(second.exit_code == 0);
  CHECK(contains(second.out, fmt::format("{0} of {0} are there", documents)));
  CHECK_FALSE(contains(second.out, "skipped 0,"));
  CHECK(documents_in(container, documents) == documents);
}

TEST_CASE("upload_blobs: where the server is busy or silent now and then, it is asked again" *
          needs_azurite()) {
  const Azurite server;
  const Port silent(Port::Manner::accepts_and_says_nothing);
  const Nginx moody(
      "if ($mood = busy) { return 503; }"
      "location / { proxy_pass http://$target; }",
      fmt::format("split_clients $request_id $mood {{ 5% busy; 5% silent; * well; }}"
                  "map $mood $target {{ silent 127.0.0.1:{}; "
                  "default 127.0.0.1:{}; }}",
                  silent.number(), server.port()));
  ScratchDirectory directory;
  const std::string connection = Azurite::connection_to(moody.port());
  for (const std::string with : {"threads", "processes"}) {
    CAPTURE(with);
    std::vector<std::string> arguments = words(with, few_documents, with);
    arguments.insert(arguments.end(), {"--limit", "0.5"});
    const Ending ending =
        run_example(directory, "upload_blobs", arguments, environment(connection));
    CAPTURE(ending.err);
    CHECK(ending.exit_code == 0);
    CHECK(contains(ending.out, fmt::format("uploaded {}, skipped 0, failed 0", few_documents)));
    CHECK_FALSE(contains(ending.out, "further attempts 0,"));
    CHECK(documents_in(net::container_of(server.connection(), with), few_documents) ==
          few_documents);
  }
  CHECK(contains(moody.log(), " 503\n"));
  CHECK(contains(moody.log(), " 499\n"));  // nginx's word for a client that hung up
}

TEST_CASE("upload_blobs: a key that is not the account's ends it, with what the server says" *
          needs_azurite()) {
  const Azurite server;
  ScratchDirectory directory;
  const std::string connection =
      replaced(server.connection(), "AccountKey=Eby8", "AccountKey=AAAA");
  const Ending ending = run_example(directory, "upload_blobs", words("processes", 1, "documents"),
                                    environment(connection));
  CHECK(ending.exit_code == 1);
  CHECK(contains(ending.err, "status 403"));
}

TEST_CASE("upload.toml: the same as a job, which can be run again too" * needs_azurite()) {
  const Azurite server;
  ScratchDirectory directory;
  std::string job = read_file(EXAMPLES_SOURCE "/upload.toml");
  job = replaced(job, "../build/release/examples/libblobs.so", example("libblobs.so"));
  job = replaced(job, "84999", std::to_string(documents - 1));
  directory.write("upload.toml", job);
  const auto run = [&] {
    return Child(directory, {tool(), "run", "upload.toml", "-j", "5"},
                 environment(server.connection()))
        .wait();
  };
  const Ending first = run();
  CAPTURE(first.err);
  CHECK(first.exit_code == 0);
  CHECK(first.out == fmt::format("uploaded {}, skipped 0\n", documents));
  CHECK(run().out == fmt::format("uploaded 0, skipped {}\n", documents));
  CHECK(documents_in(net::container_of(server.connection(), "documents"), documents) == documents);
}
