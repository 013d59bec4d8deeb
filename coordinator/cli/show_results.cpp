// SPDX-License-Identifier: MIT
// show_results.cpp - results line by line, without ever holding all of them.
#include "show_results.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "diagnostic.hpp"
#include "value.hpp"

namespace procfarm::cli {
namespace {

Value decoded(const RecordedResult& result) {
  return decoded_result(result.msgpack,
                        fmt::format("{}[{}]", escape_control(result.task), result.key.index));
}

std::string json_line(const RecordedResult& result) {
  Value line;
  line["task"] = std::string(result.task);
  line["index"] = result.key.index;
  line["result"] = decoded(result);
  return json_text(line) + "\n";
}

std::string csv_line(const RecordedResult& result) {
  return fmt::format("{},{},{}\n", csv_cell(std::string(result.task)), result.key.index,
                     csv_cell(text_of(decoded(result))));
}

std::string text_line(const RecordedResult& result) {
  return fmt::format("{}[{}]: {}\n", escape_control(result.task), result.key.index,
                     escape_control(text_of(decoded(result))));
}

}  // namespace

int show_results(const ShowOptions& options) {
  return show_run(options, [&options](RunReader& run, ShowOutput& out) {
    const RunSelection selection = parse_run_selection(options.selector);
    if (options.csv) out.put("task,index,result\n");
    bool found = false;
    run.visit_results(selection, [&](const RecordedResult& result) {
      found = true;
      out.put(options.json  ? json_line(result)
              : options.csv ? csv_line(result)
                            : text_line(result));
    });
    if (!found) {
      ShowOutput(options.err)
          .put(fmt::format("no results in run {}: only functions have some; 'procfarm logs' shows "
                           "what was printed\n",
                           run.directory().id()));
    }
    return 0;
  });
}

}  // namespace procfarm::cli
