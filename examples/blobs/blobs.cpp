// SPDX-License-Identifier: MIT
// blobs.cpp - functions for upload.toml, built into libblobs.so: documents into Azure Blob Storage.
// The account stands in the environment, as AZURE_STORAGE_CONNECTION_STRING.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <fmt/core.h>

#include <procfarm/codec.hpp>
#include <procfarm/export.hpp>

#include "../net/digest.hpp"
#include "documents.hpp"

namespace blobs {
namespace {

/// What came of some documents.
struct Upload {
  std::uint32_t first = 0;
  std::uint32_t uploaded = 0;
  std::uint32_t skipped = 0;  // were there already, with the same content
  MSGPACK_DEFINE_MAP(first, uploaded, skipped)
};

net::Container open(const std::string& container) {
  const char* connection = std::getenv("AZURE_STORAGE_CONNECTION_STRING");
  return net::container_of(connection != nullptr ? connection : "", container);
}

/// True if it was not there yet.
bool prepare(const std::string& container) { return net::create_container(open(container), {}); }

/// One listing tells which of them are there: the names of neighbours begin alike.
Upload upload_range(const std::string& container, std::uint32_t first, std::uint32_t count) {
  const net::Container target = open(container);
  Upload result{.first = first};
  if (count == 0) return result;
  const std::string prefix = common_prefix(first, first + count - 1);
  std::map<std::string, std::string> there;
  net::Page page;
  do {
    page = net::list_page(target, prefix, page.next, {});
    there.merge(page.md5s);
  } while (!page.next.empty());

  for (std::uint32_t number = first; number < first + count; ++number) {
    const auto found = there.find(name_of(number));
    if (found != there.end() && found->second == net::md5(document(number))) {
      ++result.skipped;
    } else {
      upload(target, number, {});
      ++result.uploaded;
    }
  }
  return result;
}

void report(const std::vector<Upload>& all) {
  std::uint64_t uploaded = 0;
  std::uint64_t skipped = 0;
  for (const Upload& each : all) {
    uploaded += each.uploaded;
    skipped += each.skipped;
  }
  fmt::print("uploaded {}, skipped {}\n", uploaded, skipped);
}

}  // namespace
}  // namespace blobs

PROCFARM_EXPORT(procfarm::function<blobs::prepare>("prepare", {"container"},
                                                   "makes the container if it is not there"),
                procfarm::function<blobs::upload_range>("upload", {"container", "first", "count"},
                                                        "uploads what is not there yet"),
                procfarm::function<blobs::report>("report", {"all"}, "prints the sums"))
