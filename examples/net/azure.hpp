// SPDX-License-Identifier: MIT
// azure.hpp - as much of Azure Blob Storage as it takes to fill a container: requests that are
// signed with the account's key (Shared Key). A server that is busy or gone is an exception, which
// is worth another try; a server that refuses is an answer.
#pragma once

#include <chrono>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>

#include <msgpack.hpp>

namespace net {

/// A container of an account. Travels to workers.
struct Container {
  std::string endpoint{};  // "https://ACCOUNT.blob.core.windows.net"
  std::string account{};
  std::string key{};  // Base64
  std::string name{};
  MSGPACK_DEFINE_MAP(endpoint, account, key, name)
};

/// Status 5xx, or 429: may go away by itself.
class ServerBusy : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Any other status than the one that was hoped for: the same request would fail again.
class Refused : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// As in the environment variable AZURE_STORAGE_CONNECTION_STRING: "AccountName=...;AccountKey=...;
/// BlobEndpoint=...". An empty one means the emulator's, with the account that its documentation
/// names. Throws std::invalid_argument.
Container container_of(const std::string& connection, const std::string& name);

/// Whether a call ends early, and when at the latest.
struct Patience {
  std::chrono::milliseconds limit{20'000};
  std::stop_token stop{};
};

// All throw TransferError and ServerBusy, which may pass, and Refused, which does not.

/// False if it was there already.
bool create_container(const Container& container, const Patience& patience);

/// Replaces what is there. The server compares `md5` (16 bytes) with what arrives, and keeps it.
void put_blob(const Container& container, const std::string& blob, std::string_view content,
              const std::string& md5, const Patience& patience);

std::string get_blob(const Container& container, const std::string& blob, const Patience& patience);

/// A part of a listing; the next one begins at `next`, unless that is empty.
struct Page {
  std::map<std::string, std::string> md5s{};  // by blob; 16 bytes each, empty where none is kept
  std::string next{};
  MSGPACK_DEFINE_MAP(md5s, next)
};

/// The blobs whose names begin with `prefix`, up to 5,000 at a time. `from`: `next` of the page
/// before.
Page list_page(const Container& container, const std::string& prefix, const std::string& from,
               const Patience& patience);

}  // namespace net
