// SPDX-License-Identifier: MIT
// exported.cpp - see exported.hpp.
#include <procfarm/exported.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exception>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <procfarm/module.hpp>
#include <procfarm/wire/builtin.hpp>
#include <procfarm/wire/failure.hpp>
#include <procfarm/wire/plugin.hpp>

#include "call_surroundings.hpp"
#include "clean_start.hpp"

namespace procfarm {

namespace {

/// What is printed to `fd` while this lives, if that is an output of ours that nobody else reads: a
/// file of memory that appends.
class Printed {
 public:
  explicit Printed(int fd) : fd_(fd), begin_(size_if_captured()) {}

  std::string take() {
    std::string text;
    const off_t end = begin_ < 0 ? -1 : size_if_captured();
    if (end <= begin_) return text;
    text.resize(static_cast<std::size_t>(end - begin_));
    const ssize_t got = ::pread(fd_, text.data(), text.size(), begin_);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    [[maybe_unused]] const int result = ::ftruncate(fd_, begin_);
    return text;
  }

 private:
  off_t size_if_captured() const {
    struct stat info {};
    const int flags = ::fcntl(fd_, F_GETFL);
    const bool captured = flags >= 0 && (flags & O_APPEND) != 0 && ::fstat(fd_, &info) == 0 &&
                          S_ISREG(info.st_mode) && info.st_nlink == 0;
    return captured ? info.st_size : -1;
  }

  int fd_;
  off_t begin_;
};

const wire::Plugin& plugin(const std::string& path) {
  static std::map<std::string, wire::Plugin>
      loaded;  // modules stay open as long as the process lives
  const auto known = loaded.find(path);
  if (known != loaded.end()) return known->second;
  return loaded.emplace(path, wire::Plugin::load(path)).first->second;
}

/// Of the exception that is being handled.
void describe_failure(ExportResult& result) {
  result.failed = true;
  result.value = std::string(1, '\xc0');  // nil
  const std::exception_ptr error = std::current_exception();
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    if (const RemoteInfo* remote = remote_info(exception)) {
      result.error_type = remote->type_name();
      result.error_message = remote->message();
      result.causes = remote->causes();
      return;
    }
  } catch (...) {
  }
  const wire::Failure failure = wire::capture_failure(Stage::run, error);
  result.error_type = failure.causes.front().type_name;
  result.error_message = failure.causes.front().message;
  for (std::size_t i = 1; i < failure.causes.size(); ++i) {
    result.causes.push_back(failure.causes[i].type_name + ": " + failure.causes[i].message);
  }
}

template <class Argument>
Call make_builtin(FunctionId function, const Argument& argument) {
  Writer writer;
  writer.array_header(1);
  codec<Argument>::encode(writer, argument);
  return Call(function, std::string(writer.bytes()));
}

}  // namespace

ExportResult call_exported(const ExportCall& call) {
  ExportResult result;
  serving::flush_output();
  Printed out(STDOUT_FILENO);
  Printed err(STDERR_FILENO);
  try {
    const serving::CallSurroundings surroundings(call);
    const wire::Plugin& module = plugin(call.module);
    if (!call.build_id.empty() && module.build_id() != call.build_id) {
      throw ModuleError(fmt::format("{} is another build than when the run began ({}, now {})",
                                    call.module.empty() ? "the program" : call.module,
                                    call.build_id, module.build_id()));
    }
    result.value = module.call(call.function, call.arguments.data(), call.arguments.size());
  } catch (...) {
    describe_failure(result);
  }
  serving::flush_output();
  result.out = out.take();
  result.err = err.take();
  return result;
}

Call builtin_call(const ExportCall& call) {
  return make_builtin(wire::builtin_call_exported, call);
}

Call builtin_call(const Command& command) {
  return make_builtin(wire::builtin_run_command, command);
}

Call builtin_describe(const std::string& path) {
  return make_builtin(wire::builtin_describe_module, path);
}

}  // namespace procfarm
