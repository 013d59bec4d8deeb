// SPDX-License-Identifier: MIT
// work_hash.cpp - the work is written down and the text is hashed. The instance is resolved once
// more only if a placeholder of its task names the run; most do not, and then it costs less than a
// microsecond.
#include "work_hash.hpp"

#include <sys/stat.h>
#include <xxhash.h>

#include <array>
#include <cstring>
#include <fstream>
#include <utility>

#include <fmt/format.h>

namespace procfarm::cli {
namespace {

constexpr std::size_t typical_work_size = 512;

std::string bytes_of(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  ::XXH128_canonicalFromHash(&canonical, hash);
  return {reinterpret_cast<const char*>(canonical.digest), sizeof canonical.digest};
}

std::string hash_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::unique_ptr<XXH3_state_t, decltype(&::XXH3_freeState)> state(::XXH3_createState(),
                                                                         &::XXH3_freeState);
  ::XXH3_128bits_reset(state.get());
  std::array<char, 65536> block;
  while (file.read(block.data(), block.size()), file.gcount() > 0) {
    ::XXH3_128bits_update(state.get(), block.data(), static_cast<std::size_t>(file.gcount()));
  }
  return bytes_of(::XXH3_128bits_digest(state.get()));
}

/// Every text with its size before it: bytes that are no UTF-8 count too, and nothing runs
/// together.
void append(std::string& work, std::string_view text) {
  const std::uint64_t size = text.size();
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  work.append(bytes, sizeof bytes).append(text);
}

void append_value(std::string& work, const Value& value) {
  if (value.is_string()) {
    append(work, value.get_ref<const std::string&>());
  } else if (value.is_structured()) {
    work += value.is_array() ? '[' : '{';
    for (const auto& member : value.items()) {
      if (value.is_object()) append(work, member.key());
      append_value(work, member.value());
    }
    work += ']';
  } else {
    work += text_of(value) + ',';
  }
}

void append(std::string& work, const std::vector<std::string>& texts) {
  work += '[';
  for (const std::string& text : texts) append(work, text);
  work += ']';
}

void append(std::string& work, const std::optional<ResolvedOutput>& output) {
  work += output ? static_cast<char>('0' + static_cast<int>(output->kind)) : '-';
  if (output) append(work, output->path);
}

bool does_not_count(const Reference& reference) {
  if (reference.accessor == Accessor::results)
    return true;  // perhaps a file in the run's directory
  return reference.name == "run" || reference.name == "rundir" || reference.name == "attempt" ||
         reference.name == "worker";
}

/// A file of results stands in the run's directory: its content counts instead of its path.
class ByContent : public OtherTasks {
 public:
  ByContent(const OtherTasks& tasks, std::map<std::string, std::string>& known)
      : tasks_(tasks), known_(known) {}

  std::optional<Value> result(const std::string& task, std::uint64_t index) const override {
    return tasks_.result(task, index);
  }
  std::optional<Value> stdout_text(const std::string& task, std::uint64_t index) const override {
    return tasks_.stdout_text(task, index);
  }
  std::optional<Value> results(const std::string& task) const override {
    return tasks_.results(task);
  }
  std::optional<Value> results_file(const std::string& task) const override {
    const auto known = known_.find(task);
    if (known != known_.end()) return known->second;
    const auto path = tasks_.results_file(task);
    if (!path) return std::nullopt;
    const std::string content = bytes_hex(hash_of_file(path->get<std::string>()));
    return known_.emplace(task, content).first->second;
  }

 private:
  const OtherTasks& tasks_;
  std::map<std::string, std::string>& known_;
};

void append_file(std::string& work, const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    work += "absent;";
    return;
  }
  work += fmt::format("{} {}.{};", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace

std::string hash_bytes(std::string_view text) {
  return bytes_of(::XXH3_128bits(text.data(), text.size()));
}

std::string bytes_hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string hash_hex(std::string_view text) { return bytes_hex(hash_bytes(text)); }

std::string work_text(const Resolved& resolved, std::string_view module) {
  std::string work;
  work.reserve(typical_work_size);
  for (const int kind : {static_cast<int>(resolved.kind), static_cast<int>(resolved.env_clear),
                         static_cast<int>(resolved.input)}) {
    work += static_cast<char>('0' + kind);
  }
  append(work, resolved.argv);
  append(work, resolved.shell);
  append(work, resolved.parameters);
  append(work, module.empty() ? std::string_view(resolved.module) : module);
  append(work, resolved.function);
  for (const auto& [name, value] : resolved.arguments) {
    append(work, name);
    append_value(work, value);
  }
  work += ';';
  for (const auto& [name, value] : resolved.env) {
    if (name.starts_with("PROCFARM_")) continue;
    append(work, name);
    append(work, value);
  }
  work += ';';
  append(work, resolved.cwd);
  append(work, resolved.input_content);
  append(work, resolved.standard_output);
  append(work, resolved.standard_error);
  append(work, resolved.outputs);
  append(work, resolved.inputs);
  return work;
}

std::string module_identity(const std::string& path, const std::string& build_id) {
  if (!build_id.empty()) return build_id;
  std::string identity;
  append_file(identity, path);
  return identity;
}

WorkHasher::WorkHasher(const Job& job, const TaskSpec& task, std::string module)
    : job_(job), task_(task), module_(std::move(module)) {
  for_each_template(task, [this](const Template& text, std::string_view) {
    for (const Reference& reference : text.references()) {
      names_the_run_ = names_the_run_ || does_not_count(reference);
    }
  });
}

std::string WorkHasher::hash(const Instance& instance, const Resolved& resolved,
                             const ResolveContext& context) const {
  std::string work;
  if (names_the_run_) {
    ResolveContext lasting{.count = context.count};
    std::optional<ByContent> others;
    if (context.others != nullptr) lasting.others = &others.emplace(*context.others, results_);
    work = work_text(resolve(job_, task_, instance, lasting), module_);
  } else {
    work = work_text(resolved, module_);
  }
  for (const std::string& input : resolved.inputs) append_file(work, input);
  if (resolved.input == InputKind::file) append_file(work, resolved.input_content);
  return hash_bytes(work);
}

}  // namespace procfarm::cli
