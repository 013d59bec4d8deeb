// SPDX-License-Identifier: MIT
// raw_server.hpp - says what a test tells it to say, also what no real server would: for answers
// that are cut off or wrong.
#pragma once

#include <map>
#include <string>
#include <thread>

#include "ports.hpp"

namespace programs {

/// One connection after the other: reads a request, sends the bytes that stand for its path, hangs
/// up. Any other path gets nothing.
class RawServer : public Port {
 public:
  explicit RawServer(std::map<std::string, std::string> answers);
  ~RawServer();

 private:
  void serve(const std::stop_token& stop) const;

  std::map<std::string, std::string> answers_;  // by path
  std::jthread thread_;                         // last: it uses all of the above
};

}  // namespace programs
