// SPDX-License-Identifier: MIT
// digest.hpp - SHA-256, MD5, HMAC and Base64 by OpenSSL, in the form in which servers name them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace net {

/// SHA-256 of what comes piece by piece. One thread at a time.
class Sha256 {
 public:
  Sha256();

  void add(std::string_view piece);
  /// Of all that was added, in lower case. Only once.
  std::string hex();

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

/// 16 bytes.
std::string md5(std::string_view data);
/// 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view data);

std::string to_base64(std::string_view data);
/// Throws std::invalid_argument.
std::string from_base64(std::string_view text);

}  // namespace net
