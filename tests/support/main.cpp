// SPDX-License-Identifier: MIT
// main.cpp - the main of every test binary, which is also the program that its workers run.
// It gives each test case a time limit (patience.hpp) and looks for what it left behind
// (hygiene.hpp). The last line is the plain count: N passed, N failed.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include <procfarm/init.hpp>

#include "support/hygiene.hpp"
#include "support/patience.hpp"

namespace {

/// For the closing line. doctest makes the listener itself, so this cannot be its member.
struct Totals {
  unsigned run = 0;
  unsigned failed = 0;
  unsigned untidy = 0;  // passed, but left something behind
};
Totals totals;

class HouseRules : public doctest::IReporter {
 public:
  explicit HouseRules(const doctest::ContextOptions&) {}

  void test_case_start(const doctest::TestCaseData& test) override {
    name_ = test.m_name;
    limit_ = std::chrono::seconds(static_cast<long>(test.m_timeout));
    before_ = support::Residue::now();
    guard_.start(name_, limit_);
  }
  void test_case_reenter(const doctest::TestCaseData&) override { guard_.start(name_, limit_); }
  void test_case_exception(const doctest::TestCaseException& exception) override {
    crashed_ = exception.is_crash;
  }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (crashed_) return;
    guard_.stop();
    const std::string left = support::wait_until_tidy(before_);
    if (left.empty()) return;
    std::printf("ERROR: test case \"%s\" left behind:\n%s\n", name_.c_str(), left.c_str());
    if (stats.failure_flags == 0) ++totals.untidy;
  }
  void test_run_end(const doctest::TestRunStats& stats) override {
    totals.run = stats.numTestCasesPassingFilters;
    totals.failed = stats.numTestCasesFailed;
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  std::string name_;
  std::chrono::seconds limit_{};
  support::Residue before_;
  bool crashed_ = false;
  support::HangGuard guard_;
};

REGISTER_LISTENER("house_rules", 1, HouseRules);

}  // namespace

int main(int argc, char** argv) {
  procfarm::init(argc, argv);
  // Who starts the tests in the background has some of these ignored, and the tool would inherit
  // it.
  for (const int each : {SIGINT, SIGQUIT, SIGHUP, SIGTERM}) std::signal(each, SIG_DFL);
  const support::PrivateTemporaryDirectory directory;
  doctest::Context context(argc, argv);
  const int code = context.run();
  if (context.shouldExit()) return code;

  const unsigned failed = totals.failed + totals.untidy;
  std::printf("%u passed, %u failed\n", totals.run - failed, failed);
  return code != 0 || failed != 0 ? 1 : 0;
}
