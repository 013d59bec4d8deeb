// SPDX-License-Identifier: MIT
// ports.hpp - ports of 127.0.0.1 that behave as a test wants, without a server behind them.
#pragma once

#include <string>

namespace programs {

/// A socket that is bound to a port of its own choice. Nothing else can have that port meanwhile.
class Port {
 public:
  /// What a caller meets there.
  enum class Manner { refuses, accepts_and_says_nothing };
  explicit Port(Manner manner);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  int number() const { return number_; }
  /// True once someone has called: a port that listens.
  bool called() const;
  /// "http://127.0.0.1:NUMBER"
  std::string url() const { return "http://127.0.0.1:" + std::to_string(number_); }

 protected:
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
  int number_ = 0;
};

/// A port that was free a moment ago, for a server that cannot choose itself.
int free_port();
/// True once someone accepts there.
bool answers(int port);

}  // namespace programs
