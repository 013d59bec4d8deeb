// SPDX-License-Identifier: MIT
// http.cpp - see http.hpp. libcurl calls back with C functions that must not throw.
#include "http.hpp"

#include <curl/curl.h>

#include <array>
#include <cctype>
#include <exception>
#include <utility>

namespace net {
namespace {

/// What the callbacks of one transfer know.
struct Transfer {
  const Request& request;
  Sink sink;
  Response response{};
  bool enough = false;
  std::exception_ptr error{};
};

/// Runs `step` on the Transfer behind `user`; what it throws ends the transfer.
template <class Step>
std::size_t guarded(void* user, std::size_t size, Step step) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    return step(transfer) ? size : CURL_WRITEFUNC_ERROR;
  } catch (...) {
    transfer.error = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  return guarded(user, size, [&](Transfer& transfer) {
    transfer.enough = !transfer.sink({data, size});
    return !transfer.enough;
  });
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  return guarded(user, size, [&](Transfer& transfer) {
    std::string_view line(data, size);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    std::string name(line.substr(0, colon));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    line.remove_prefix(colon + 1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    while (!line.empty() && line.back() <= ' ') line.remove_suffix(1);
    transfer.response.headers[name] = line;
    return true;
  });
}

/// Called about once a second, and whenever something moves.
int look_up(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->request.stop.stop_requested() ? 1 : 0;
}

Trouble trouble_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_CONNECT: return Trouble::refused;
    case CURLE_OPERATION_TIMEDOUT: return Trouble::timed_out;
    case CURLE_COULDNT_RESOLVE_HOST: return Trouble::no_such_host;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: return Trouble::cut_off;
    case CURLE_ABORTED_BY_CALLBACK: return Trouble::stopped;
    default: return Trouble::other;
  }
}

using HeaderList = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

HeaderList header_list(const std::vector<std::string>& lines) {
  HeaderList list(nullptr, &curl_slist_free_all);
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

void set_options(CURL* curl, Transfer& transfer) {
  const Request& request = transfer.request;
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.limit.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &look_up);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  if (request.method == "PUT" || request.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.method != "GET") {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

/// curl_global_init() is for the process, once; the first client calls it.
void begin_curl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
}

}  // namespace

struct HttpClient::Handle {
  CURL* curl;
};

std::string_view words(Trouble trouble) {
  constexpr std::array<std::string_view, 6> all{"refused", "timed out", "no such host",
                                                "cut off", "stopped",   "failed"};
  return all[static_cast<std::size_t>(trouble)];
}

HttpClient::HttpClient() {
  begin_curl();
  handle_ = std::make_unique<Handle>(Handle{curl_easy_init()});
  if (handle_->curl == nullptr) throw std::runtime_error("curl_easy_init failed");
}

HttpClient::~HttpClient() { curl_easy_cleanup(handle_->curl); }

Response HttpClient::send(const Request& request) {
  std::string body;
  Response response = send(request, [&body](std::string_view piece) {
    body += piece;
    return true;
  });
  response.body = std::move(body);
  return response;
}

Response HttpClient::send(const Request& request, Sink sink) {
  Transfer transfer{.request = request, .sink = std::move(sink)};
  const HeaderList headers = header_list(request.headers);
  std::array<char, CURL_ERROR_SIZE> detail{};
  set_options(handle_->curl, transfer);
  curl_easy_setopt(handle_->curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle_->curl, CURLOPT_ERRORBUFFER, detail.data());

  const CURLcode code = curl_easy_perform(handle_->curl);
  long status = 0;
  curl_easy_getinfo(handle_->curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_reset(handle_->curl);  // what it points to ends here; connections stay
  if (transfer.error) std::rethrow_exception(transfer.error);
  if (code != CURLE_OK && !transfer.enough) {
    const char* why = detail[0] != '\0' ? detail.data() : curl_easy_strerror(code);
    throw TransferError(trouble_of(code), request.url + ": " + why);
  }
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

HttpClient& client() {
  thread_local HttpClient own;
  return own;
}

}  // namespace net
