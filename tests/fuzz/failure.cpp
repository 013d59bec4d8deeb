// SPDX-License-Identifier: MIT
// failure.cpp - what a task threw, as a worker tells it: any bytes become an exception object that
// has a text, and a record that can be read is the same when it is read again.
#include "input.hpp"

#include <exception>

#include <procfarm/errors.hpp>
#include <procfarm/register_exception.hpp>
#include <procfarm/wire/failure.hpp>

using namespace procfarm;

namespace {

struct BadPixel : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string bytes_of(const wire::Failure& failure) {
  Writer writer;
  wire::encode_failure(writer, failure);
  return std::string(writer.bytes());
}

// Causes are nested; each must be reachable and have a text.
void walk(const std::exception_ptr& error, int depth) {
  fuzz::expect(error != nullptr && depth < 64, "there is an exception, and not for ever");
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& caught) {
    fuzz::expect(caught.what() != nullptr, "an exception has a text");
    const auto* nested = dynamic_cast<const std::nested_exception*>(&caught);
    if (nested != nullptr && nested->nested_ptr()) walk(nested->nested_ptr(), depth + 1);
  } catch (...) {
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool registered = register_exception<BadPixel>("BadPixel");
  fuzz::expect(registered, "the type is registered");
  const std::string_view bytes = fuzz::text(data, size);
  walk(wire::rebuild(bytes.data(), bytes.size(), TaskRef{}, "last words"), 0);
  try {
    const wire::Failure failure = wire::decode_failure(bytes.data(), bytes.size());
    (void)wire::summary(failure);
    const std::string once = bytes_of(failure);
    fuzz::expect(once == bytes_of(wire::decode_failure(once.data(), once.size())),
                 "a failure comes back");
  } catch (const CodecError&) {
  }
  return 0;
}
