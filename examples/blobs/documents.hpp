// SPDX-License-Identifier: MIT
// documents.hpp - the documents that are uploaded, made up from their numbers: the same ones each
// time, so that it can be told what of them is in a container already.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "../net/azure.hpp"

namespace blobs {

/// 1 to 4 KB of text.
std::string document(std::uint32_t number);
/// "00000042.txt": in the order of the numbers.
std::string name_of(std::uint32_t number);
/// What begins the names of all documents from `first` to `last`.
std::string common_prefix(std::uint32_t first, std::uint32_t last);

/// Puts one document there.
void upload(const net::Container& container, std::uint32_t number, const net::Patience& patience);

}  // namespace blobs
