// SPDX-License-Identifier: MIT
// nginx.cpp - a configuration of our own, one process, nothing outside of its directory.
#include "nginx.hpp"

#include <filesystem>
#include <stdexcept>

#include <fmt/core.h>

#include "ports.hpp"
#include "support/patience.hpp"

namespace programs {
namespace {

// {{ and }} are fmt's way to write one brace.
constexpr const char* configuration = R"(
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 256; }}
http {{
  log_format short "$request_method $request_uri $status";
  access_log access.log short;
  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;
  client_max_body_size 16m;
  {http}
  server {{
    listen 127.0.0.1:{port};
    root www;
    {server}
  }}
}}
)";

constexpr int tries = 5;  // another program may be quicker to take a port that was free

}  // namespace

Nginx::Nginx(const std::string& server, const std::string& http) {
  for (const char* folder : {"tmp", "www"}) {
    std::filesystem::create_directory(directory_ / folder);
  }
  // As root it changes to another user, who must be able to look in.
  std::filesystem::permissions(directory_.path(), std::filesystem::perms{0755});
  for (int i = 0; i < tries; ++i) {
    if (start(server, http)) return;
  }
  throw std::runtime_error("nginx does not start: " + process_->err());
}

bool Nginx::start(const std::string& server, const std::string& http) {
  port_ = free_port();
  directory_.write("nginx.conf", fmt::format(configuration, fmt::arg("http", http),
                                             fmt::arg("port", port_), fmt::arg("server", server)));
  process_ = std::make_unique<Child>(
      directory_, std::vector<std::string>{"nginx", "-e", "error.log", "-p", directory_.path(),
                                           "-c", "nginx.conf"});
  const bool known = support::eventually([this] { return !process_->runs() || answers(port_); });
  return known && process_->runs();
}

void Nginx::serve(const std::string& name, std::string_view content) const {
  directory_.write("www/" + name, content);
}

}  // namespace programs
