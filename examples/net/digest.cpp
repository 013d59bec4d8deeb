// SPDX-License-Identifier: MIT
// digest.cpp - see digest.hpp.
#include "digest.hpp"

#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include <fmt/core.h>

namespace net {
namespace {

using Hash = std::array<unsigned char, EVP_MAX_MD_SIZE>;

void expect(bool worked, const char* call) {
  if (!worked) throw std::runtime_error(std::string(call) + " failed");
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text(const Hash& hash, unsigned size) {
  return {reinterpret_cast<const char*>(hash.data()), size};
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  expect(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
         "EVP_DigestInit_ex");
}

void Sha256::add(std::string_view piece) {
  expect(EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1, "EVP_DigestUpdate");
}

std::string Sha256::hex() {
  Hash hash;
  unsigned size = 0;
  expect(EVP_DigestFinal_ex(context_.get(), hash.data(), &size) == 1, "EVP_DigestFinal_ex");
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", hash[i]);
  return hex;
}

std::string md5(std::string_view data) {
  Hash hash;
  unsigned size = 0;
  expect(EVP_Digest(data.data(), data.size(), hash.data(), &size, EVP_md5(), nullptr) == 1,
         "EVP_Digest");
  return text(hash, size);
}

std::string hmac_sha256(std::string_view key, std::string_view data) {
  Hash hash;
  unsigned size = 0;
  expect(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(data), data.size(),
              hash.data(), &size) != nullptr,
         "HMAC");
  return text(hash, size);
}

std::string to_base64(std::string_view data) {
  std::string out((data.size() + 2) / 3 * 4 + 1, '\0');  // with the zero that OpenSSL adds
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes(data),
                                   static_cast<int>(data.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string from_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes(text),
                                   static_cast<int>(text.size()));
  if (text.size() % 4 != 0 || size < 0) throw std::invalid_argument("this is not Base64");
  // It counts the bytes that stand for padding too.
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(out.size() - padding);
  return out;
}

}  // namespace net
