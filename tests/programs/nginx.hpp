// SPDX-License-Identifier: MIT
// nginx.hpp - a real web server for one test case, on a port of its own.
#pragma once

#include <memory>
#include <string>

#include "child.hpp"

namespace programs {

/// Runs until the end of the test case. Its files are those of the directory's `www`. One thread at
/// a time.
class Nginx {
 public:
  /// `server` is what stands inside of `server { ... }`, after `listen` and `root`; `http` what
  /// stands before it. Returns when it answers; throws std::runtime_error with what nginx says.
  explicit Nginx(const std::string& server, const std::string& http = "");

  int port() const { return port_; }
  /// "http://127.0.0.1:PORT"
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Makes a file that it serves.
  void serve(const std::string& name, std::string_view content) const;
  /// What it has been asked so far: a line for each request, "METHOD PATH STATUS".
  std::string log() const { return read_file(directory_ / "access.log"); }

 private:
  bool start(const std::string& server, const std::string& http);

  ScratchDirectory directory_;
  int port_ = 0;
  std::unique_ptr<Child> process_;  // last: it writes into the directory
};

}  // namespace programs
