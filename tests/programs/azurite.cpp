// SPDX-License-Identifier: MIT
// azurite.cpp - see azurite.hpp. It chooses a free port itself, and prints which.
#include "azurite.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include <fmt/core.h>

#include "examples/blobs/documents.hpp"
#include "examples/net/digest.hpp"
#include "support/patience.hpp"

namespace programs {
namespace {

constexpr const char* suite = "azurite";
constexpr const char* says_port = "successfully listens on http://127.0.0.1:";

const char* script() {
  const char* path = std::getenv("PROCFARM_AZURITE");
  return path != nullptr && *path != '\0' ? path : nullptr;
}

/// Says of each test that is skipped why it is.
class SkippedTests : public doctest::IReporter {
 public:
  explicit SkippedTests(const doctest::ContextOptions&) {}

  void test_case_skipped(const doctest::TestCaseData& test) override {
    if (!test.m_skip || std::string(test.m_test_suite) != suite) return;
    std::printf("SKIPPED, Azurite is not there (PROCFARM_AZURITE): %s\n", test.m_name);
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
};

REGISTER_LISTENER("skipped_tests", 2, SkippedTests);

}  // namespace

void needs_azurite::fill(doctest::detail::TestCase& test) const {
  test.m_test_suite = suite;
  test.m_skip = script() == nullptr;
}

Azurite::Azurite()
    : process_(directory_, {"node", script(), "--inMemoryPersistence", "--disableTelemetry",
                            "--silent", "--blobPort", "0"}) {
  const bool known = support::eventually(
      [this] { return !process_.runs() || contains(process_.out(), says_port); });
  const std::string out = process_.out();
  const std::size_t at = out.find(says_port);
  if (!known || at == std::string::npos) {
    throw std::runtime_error("Azurite does not start: " + out + process_.err());
  }
  port_ = std::atoi(out.c_str() + at + std::string(says_port).size());
}

std::string Azurite::connection_to(int port) {
  const net::Container emulator = net::container_of("", "");
  return fmt::format("AccountName={0};AccountKey={1};BlobEndpoint=http://127.0.0.1:{2}/{0}",
                     emulator.account, emulator.key, port);
}

std::uint32_t documents_in(const net::Container& container, std::uint32_t count) {
  std::map<std::string, std::string> there;
  net::Page page;
  do {
    page = net::list_page(container, "", page.next, {});
    there.merge(page.md5s);
  } while (!page.next.empty());
  std::uint32_t right = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto found = there.find(blobs::name_of(i));
    right += found != there.end() && found->second == net::md5(blobs::document(i)) ? 1U : 0U;
  }
  return right;
}

}  // namespace programs
