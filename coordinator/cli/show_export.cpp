// SPDX-License-Identifier: MIT
// show_export.cpp - where an export goes to.
#include "show_export.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "export_formats.hpp"
#include "task_files.hpp"

namespace procfarm::cli {
namespace {

void write_export(ExportFormat format, RunReader& run, ShowOutput& out) {
  const RunSummary summary = run.summary();  // asks again if the run ends meanwhile
  run.with_snapshot([&] {
    switch (format) {
      case ExportFormat::joblog: return export_joblog(run, out);
      case ExportFormat::csv: return export_csv(run, out);
      case ExportFormat::jsonl: return export_jsonl(run, out);
      case ExportFormat::junit: return export_junit(run, summary, out);
      case ExportFormat::trace: return export_trace(run, summary, out);
    }
  });
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

void export_to_file(const ShowOptions& options, RunReader& run) {
  const std::filesystem::path path = std::filesystem::absolute(options.output);
  std::error_code error;
  if (!std::filesystem::exists(path.parent_path(), error)) {  // it would be made
    throw std::system_error(ENOENT, std::generic_category(), options.output);
  }
  FileTarget target(path.string(), 0);
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(target.temporary().c_str(), "we"));
  if (!file) throw std::system_error(errno, std::generic_category(), options.output);
  ShowOutput out(file.get(), options.output);
  write_export(options.format, run, out);
  out.flush();
  target.publish();
}

}  // namespace

int show_export(const ShowOptions& options) {
  return show_run(options, [&options](RunReader& run, ShowOutput& out) {
    if (options.output.empty() || options.output == "-") {
      write_export(options.format, run, out);
    } else {
      export_to_file(options, run);
    }
    return 0;
  });
}

}  // namespace procfarm::cli
