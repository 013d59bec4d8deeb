// SPDX-License-Identifier: MIT
// run_fixture.hpp - a run of its own for each test of the run database, short ways to say what is
// recorded, and streams whose text can be looked at.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "coordinator/cli/run_reader.hpp"
#include "coordinator/cli/run_writer.hpp"
#include "scratch_directory.hpp"

namespace procfarm::cli {

inline const TimePoint noon = TimePoint(std::chrono::seconds(1'773'230'400));  // 2026-03-11 12:00

inline RunDescription description_of(const RunDirectory& directory) {
  return {.id = directory.id(),
          .name = "corpus",
          .job_file = "/jobs/corpus.toml",
          .job_text = "name = \"corpus\"\n",
          .job_hash = "abc",
          .command_line = "procfarm run",
          .version = "0.1.0",
          .host = "box",
          .pid = 812,
          .workers = 4,
          .started = noon};
}

inline TaskDescription task_named(std::uint32_t number, std::string name,
                                  std::string definition = "{}") {
  return {.task = number,
          .name = std::move(name),
          .kind = "command",
          .definition = std::move(definition),
          .instances = 10};
}

inline AttemptStarted started(std::uint32_t task, std::uint64_t index, int attempt = 1) {
  return {.key = {{task, index}, attempt},
          .worker_pid = 913,
          .started = noon,
          .label = "level=9",
          .hash = "hash"};
}

inline AttemptFinished passed(std::uint32_t task, std::uint64_t index, int attempt = 1) {
  return {.key = {{task, index}, attempt},
          .worker_pid = 913,
          .started = noon,
          .finished = noon + std::chrono::milliseconds(1500),
          .label = "level=9",
          .hash = "hash"};
}

inline AttemptFinished failed(std::uint32_t task, std::uint64_t index, int attempt = 1) {
  AttemptFinished attempt_record = passed(task, index, attempt);
  attempt_record.outcome = AttemptOutcome::failed;
  attempt_record.cause = "exit";
  attempt_record.exit_code = 2;
  return attempt_record;
}

/// A base directory with one new run in it.
struct RunBench {
  ScratchDirectory base{};
  RunDirectory directory = create_run_directory(base.path(), noon);

  std::unique_ptr<RunWriter> write(RunWriterOptions options = {}) const {
    return RunWriter::create(directory, description_of(directory), std::move(options));
  }
  RunReader read() const { return RunReader(directory); }
};

inline std::string contents_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// What is written to a FILE*, as text.
class Captured {
 public:
  Captured() : file_(std::tmpfile()) {}
  ~Captured() { std::fclose(file_); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  std::FILE* file() const { return file_; }
  std::string text() const {
    std::fflush(file_);
    std::string text(static_cast<std::size_t>(std::ftell(file_)), '\0');
    std::rewind(file_);
    const std::size_t count = std::fread(text.data(), 1, text.size(), file_);
    text.resize(count);
    return text;
  }

 private:
  std::FILE* file_;
};

}  // namespace procfarm::cli
