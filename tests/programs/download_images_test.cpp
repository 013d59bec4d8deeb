// SPDX-License-Identifier: MIT
// download_images_test.cpp - whole files from a slow server, and what is left of those that do not
// come whole or are not what they should be.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "child.hpp"
#include "nginx.hpp"
#include "raw_server.hpp"

using namespace programs;

namespace {

constexpr int images = 15;
constexpr std::size_t image_size = 150'000;

const std::vector<std::string> environment{"no_proxy=*"};

Ending download(const ScratchDirectory& directory, const std::string& from,
                const std::string& with) {
  return run_example(directory, "download_images", {"--with", with, "--into", "images", from},
                     environment);
}

std::string image(int number) {
  std::string content(image_size + static_cast<std::size_t>(number), '\0');
  auto state = static_cast<std::uint32_t>(number + 1);
  for (char& byte : content) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return content;
}

std::string name(int number) { return fmt::format("image-{:02}.raw", number); }

/// The line of SHA256SUMS, by the program of that name.
std::string sum_of(const ScratchDirectory& directory, const std::string& path) {
  Child child(directory, {"sha256sum", path});
  const std::string line = child.wait().out;
  const std::string file = std::filesystem::path(path).filename();
  return line.substr(0, line.find(' ')) + "  " + file + "\n";
}

/// Announces `size` bytes, whatever is there.
std::string answer(const std::string& status, std::size_t size, const std::string& body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", status, size, body);
}

std::set<std::string> files_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename());
  }
  return names;
}

}  // namespace

TEST_CASE("download_images: fifteen files arrive whole, whatever carries them") {
  const Nginx server("limit_rate 120k;");
  ScratchDirectory directory;
  std::string sums;
  std::set<std::string> expected;
  for (int i = 0; i < images; ++i) {
    server.serve(name(i), image(i));
    sums += sum_of(directory, directory.write("original/" + name(i), image(i)));
    expected.insert(name(i));
  }
  server.serve("SHA256SUMS", sums);

  for (const std::string with : {"threads", "processes"}) {
    CAPTURE(with);
    const Ending ending = download(directory, server.url(), with);
    CAPTURE(ending.out);
    CAPTURE(ending.err);
    CHECK(ending.exit_code == 0);
    CHECK(files_in(directory / "images") == expected);
    for (int i = 0; i < images; ++i) {
      CHECK(contains(ending.out,
                     fmt::format("{} bytes  {}\n", image_size + std::size_t(i), name(i))));
      CHECK((read_file(directory / ("images/" + name(i))) == image(i)));
    }
    std::filesystem::remove_all(directory / "images");
  }
}

TEST_CASE("download_images: what is cut off, wrong or missing leaves no file, and the rest comes") {
  ScratchDirectory directory;
  const std::string whole = "a whole image";
  const std::string half = image(1).substr(0, image_size / 2);
  const std::string sums = sum_of(directory, directory.write("good", whole)) +
                           sum_of(directory, directory.write("cut", image(1))) +
                           sum_of(directory, directory.write("wrong", "another image")) +
                           sum_of(directory, directory.write("missing", whole)) +
                           sum_of(directory, directory.write("closed", whole));
  const RawServer server({{"/SHA256SUMS", answer("200 OK", sums.size(), sums)},
                          {"/good", answer("200 OK", whole.size(), whole)},
                          {"/cut", answer("200 OK", image_size + 1, half)},
                          {"/wrong", answer("200 OK", whole.size(), whole)},
                          {"/missing", answer("404 Not Found", whole.size(), whole)}});
  directory.write("images/cut.part", "of an attempt that was killed");

  for (const std::string with : {"serial", "threads", "processes"}) {
    CAPTURE(with);
    const Ending ending = download(directory, server.url(), with);
    CAPTURE(ending.out);
    CAPTURE(ending.err);
    CHECK(ending.exit_code == 1);
    CHECK(files_in(directory / "images") == std::set<std::string>{"good"});
    CHECK(read_file(directory / "images/good") == whole);
    CHECK(contains(ending.out, "missing: "));
    CHECK(contains(ending.out, "status 404"));
    CHECK(contains(ending.out, "wrong: "));
    CHECK(contains(ending.out, "the content is not as announced"));
    std::filesystem::remove_all(directory / "images");
  }
}

TEST_CASE("download_images: a name that leads out of the folder is refused") {
  const Nginx server("");
  ScratchDirectory directory;
  server.serve("SHA256SUMS", std::string(64, '0') + "  ../escaped\n");
  const Ending ending = download(directory, server.url(), "processes");
  CHECK(ending.exit_code == 1);
  CHECK(contains(ending.err, "../escaped"));
}
