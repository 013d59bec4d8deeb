// SPDX-License-Identifier: MIT
// http.hpp - one HTTP transfer at a time, by libcurl: a status or a TransferError that says what
// kept it from coming. What the status means is left to the caller. Needs nothing of procfarm, so
// that plugins can use it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace net {

enum class Trouble { refused, timed_out, no_such_host, cut_off, stopped, other };

/// In words: "refused", "timed out", "no such host", "cut off", "stopped", "failed".
std::string_view words(Trouble trouble);

/// No whole answer came.
class TransferError : public std::runtime_error {
 public:
  TransferError(Trouble trouble, const std::string& what)
      : std::runtime_error(what), trouble_(trouble) {}
  Trouble trouble() const { return trouble_; }

 private:
  Trouble trouble_;
};

/// Takes the next piece of a body. False ends the transfer: what came so far is enough.
using Sink = std::function<bool(std::string_view)>;

struct Request {
  std::string url{};
  std::string method = "GET";
  std::vector<std::string> headers{};       // "Name: value"
  std::string_view body{};                  // lent for the call; sent with PUT and POST
  std::chrono::milliseconds limit{30'000};  // of the whole transfer
  std::stop_token stop{};                   // ends it early, as `stopped`
};

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers{};  // names in lower case
  std::string body{};                            // empty if a sink took it
};

/// A connection that stays open from one transfer to the next. One thread at a time.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Follows no redirection: 301 is an answer like another. Throws TransferError.
  Response send(const Request& request);
  Response send(const Request& request, Sink sink);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

/// The calling thread's own: in a pool each worker keeps one, and so its connections.
HttpClient& client();

}  // namespace net
