// SPDX-License-Identifier: MIT
// azurite.hpp - a real object store for one test case: Azurite, which answers as Azure Blob Storage
// does. Found by PROCFARM_AZURITE, the script that node is to run; without it such tests are
// skipped, and it is said of each.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "child.hpp"
#include "examples/net/azure.hpp"

namespace programs {

/// For test cases: TEST_CASE("..." * needs_azurite()).
struct needs_azurite {
  void fill(doctest::detail::TestCase& test) const;
};

/// Runs until the end of the test case and keeps what it gets in memory. One thread at a time.
class Azurite {
 public:
  /// Returns when it answers; throws std::runtime_error with what it says.
  Azurite();

  int port() const { return port_; }
  /// For AZURE_STORAGE_CONNECTION_STRING.
  std::string connection() const { return connection_to(port_); }
  /// The same account by way of another port.
  static std::string connection_to(int port);

 private:
  ScratchDirectory directory_;
  Child process_;  // it writes into the directory
  int port_ = 0;
};

/// How many of the first `count` documents are in the container, with the content they should have.
std::uint32_t documents_in(const net::Container& container, std::uint32_t count);

}  // namespace programs
