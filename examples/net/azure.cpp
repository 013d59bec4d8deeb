// SPDX-License-Identifier: MIT
// azure.cpp - see azure.hpp. What is signed is a text of the request's parts in a fixed order.
#include "azure.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <pugixml.hpp>

#include "digest.hpp"
#include "http.hpp"

namespace net {
namespace {

constexpr const char* version = "2021-08-06";
constexpr int created = 201;
constexpr int ok = 200;
constexpr int conflict = 409;
constexpr int too_many = 429;
constexpr int server_errors = 500;
constexpr std::size_t error_text = 300;

// Not a secret: the emulator has this account on every machine.
constexpr const char* emulator =
    "AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/"
    "KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1";

using Pairs = std::map<std::string, std::string>;

/// What there is to say in a request, beside the container.
struct Order {
  std::string method{};
  std::string blob{};  // may be empty
  Pairs query{};       // sorted, as it is signed
  Pairs microsoft{};   // x-ms-... headers, in lower case: sorted, as they are signed
  std::string_view body{};
  std::string md5{};  // of the body, Base64
};

Pairs parse_connection(std::string_view text) {
  Pairs parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    parts[std::string(part.substr(0, equals))] = part.substr(equals + 1);
  }
  return parts;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-_.~").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

std::string path_of(const Container& container, const Order& order) {
  const std::size_t host = container.endpoint.find("://") + 3;
  const std::size_t slash = container.endpoint.find('/', host);
  std::string path = slash == std::string::npos ? "" : container.endpoint.substr(slash);
  path += "/" + container.name;
  return order.blob.empty() ? path : path + "/" + percent_encoded(order.blob);
}

std::string url_of(const Container& container, const Order& order) {
  const std::size_t host = container.endpoint.find("://") + 3;
  std::string url =
      container.endpoint.substr(0, container.endpoint.find('/', host)) + path_of(container, order);
  char separator = '?';
  for (const auto& [name, value] : order.query) {
    url += fmt::format("{}{}={}", std::exchange(separator, '&'), name, percent_encoded(value));
  }
  return url;
}

std::string content_type(const Order& order) {
  return order.method == "PUT" ? "application/octet-stream" : "";
}

/// The value of the Authorization header.
std::string authorization(const Container& container, const Order& order) {
  const std::string length = order.body.empty() ? "" : std::to_string(order.body.size());
  // Method, encoding, language, length, MD5, type, then six that are not used: date, conditions,
  // range.
  std::string text = fmt::format("{}\n\n\n{}\n{}\n{}\n\n\n\n\n\n\n", order.method, length,
                                 order.md5, content_type(order));
  for (const auto& [name, value] : order.microsoft) text += fmt::format("{}:{}\n", name, value);
  text.append("/").append(container.account).append(path_of(container, order));
  for (const auto& [name, value] : order.query) text += fmt::format("\n{}:{}", name, value);
  return fmt::format("SharedKey {}:{}", container.account,
                     to_base64(hmac_sha256(from_base64(container.key), text)));
}

std::string date_now() {
  // Not the locale's names of days and months.
  constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm now = fmt::gmtime(std::time(nullptr));
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     days[static_cast<std::size_t>(now.tm_wday)], now.tm_mday,
                     months[static_cast<std::size_t>(now.tm_mon)], now.tm_year + 1900, now.tm_hour,
                     now.tm_min, now.tm_sec);
}

/// The answer, unless the server is busy.
Response send(const Container& container, Order order, const Patience& patience) {
  order.microsoft["x-ms-version"] = version;
  order.microsoft["x-ms-date"] = date_now();
  Request request{.url = url_of(container, order),
                  .method = order.method,
                  .body = order.body,
                  .limit = patience.limit,
                  .stop = patience.stop};
  for (const auto& [name, value] : order.microsoft) {
    request.headers.push_back(fmt::format("{}: {}", name, value));
  }
  if (!order.md5.empty()) request.headers.push_back("Content-MD5: " + order.md5);
  request.headers.push_back("Content-Type: " + content_type(order));
  request.headers.push_back("Authorization: " + authorization(container, order));
  Response response = client().send(request);
  if (response.status >= server_errors || response.status == too_many) {
    throw ServerBusy(fmt::format("{}: status {}", request.url, response.status));
  }
  return response;
}

void expect(const Response& response, int status, const std::string& what) {
  if (response.status == status) return;
  throw Refused(
      fmt::format("{}: status {}: {}", what, response.status, response.body.substr(0, error_text)));
}

}  // namespace

Container container_of(const std::string& connection, const std::string& name) {
  Pairs parts = parse_connection(connection.empty() ? emulator : connection);
  Container container{.endpoint = parts["BlobEndpoint"],
                      .account = parts["AccountName"],
                      .key = parts["AccountKey"],
                      .name = name};
  if (container.endpoint.empty()) {
    container.endpoint = fmt::format("https://{}.blob.core.windows.net", container.account);
  }
  while (container.endpoint.back() == '/') container.endpoint.pop_back();
  if (container.account.empty() || container.key.empty() ||
      container.endpoint.find("://") == std::string::npos) {
    throw std::invalid_argument("a connection string names AccountName, AccountKey, BlobEndpoint");
  }
  return container;
}

bool create_container(const Container& container, const Patience& patience) {
  const Response response =
      send(container, {.method = "PUT", .query = {{"restype", "container"}}}, patience);
  if (response.status == conflict) return false;
  expect(response, created, "create container " + container.name);
  return true;
}

void put_blob(const Container& container, const std::string& blob, std::string_view content,
              const std::string& md5, const Patience& patience) {
  expect(send(container,
              {.method = "PUT",
               .blob = blob,
               .microsoft = {{"x-ms-blob-type", "BlockBlob"}},
               .body = content,
               .md5 = to_base64(md5)},
              patience),
         created, "put " + blob);
}

std::string get_blob(const Container& container, const std::string& blob,
                     const Patience& patience) {
  Response response = send(container, {.method = "GET", .blob = blob}, patience);
  expect(response, ok, "get " + blob);
  return std::move(response.body);
}

Page list_page(const Container& container, const std::string& prefix, const std::string& from,
               const Patience& patience) {
  Pairs query{{"comp", "list"}, {"restype", "container"}};
  if (!prefix.empty()) query["prefix"] = prefix;
  if (!from.empty()) query["marker"] = from;
  const Response response = send(container, {.method = "GET", .query = std::move(query)}, patience);
  expect(response, ok, "list " + container.name);

  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) {
    throw std::runtime_error("list " + container.name + ": the answer is not XML");
  }
  const pugi::xml_node root = document.child("EnumerationResults");
  Page page{.next = root.child_value("NextMarker")};
  for (const pugi::xml_node blob : root.child("Blobs").children("Blob")) {
    page.md5s[blob.child_value("Name")] =
        from_base64(blob.child("Properties").child_value("Content-MD5"));
  }
  return page;
}

}  // namespace net
