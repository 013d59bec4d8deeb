// SPDX-License-Identifier: MIT
// completions_fish.cpp - one `complete` line for each command, option and place.
#include <fmt/format.h>

#include "completions.hpp"

namespace procfarm::cli {
namespace {

constexpr const char* helpers = R"fish(
# The words of the line that are neither options nor their values.
function __procfarm_words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word $__procfarm_valued
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# __procfarm_at COMMAND PLACE: whether that is what comes next.
function __procfarm_at
    set -l words (__procfarm_words)
    test (count $words) = $argv[2]; and test "$words[1]" = $argv[1]
end

function __procfarm_in
    set -l words (__procfarm_words)
    test "$words[1]" = $argv[1]
end

function __procfarm_directory
    set -l words (commandline -opc)
    if set -l at (contains -i -- --dir $words)
        echo --dir
        echo $words[(math $at + 1)]
    end
end

function __procfarm_runs
    echo last
    procfarm runs (__procfarm_directory) 2>/dev/null | sed '1d;s/ .*//'
end

function __procfarm_tasks
    echo failed
    set -l words (__procfarm_words)
    procfarm status $words[2] --json (__procfarm_directory) 2>/dev/null |
        string match -ra '"task":"[^"]*"' | string replace -r '"task":"(.*)"' '$1'
end

complete -c procfarm -f
)fish";

std::string fish_word(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

/// Arguments of `complete` that say what a value can be.
std::string arguments_for(const CompletedValue& value) {
  switch (value.kind) {
    case CompletedValue::Kind::file: return " -F";
    case CompletedValue::Kind::directory: return " -a '(__fish_complete_directories)'";
    case CompletedValue::Kind::run: return " -a '(__procfarm_runs)'";
    case CompletedValue::Kind::task: return " -a '(__procfarm_tasks)'";
    case CompletedValue::Kind::none: return "";
    case CompletedValue::Kind::words: break;
  }
  std::string words;
  for (const std::string& word : value.words) words += (words.empty() ? "" : " ") + word;
  return " -a " + fish_word(words);
}

std::string option_line(const std::string& condition, const CompletedOption& option) {
  std::string line = fmt::format("complete -c procfarm -n {}", fish_word(condition));
  for (const std::string& name : option.names) {
    const bool is_long = name.rfind("--", 0) == 0;
    line += is_long ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_value) line += " -r" + arguments_for(option.value);
  return line + " -d " + fish_word(option.description) + "\n";
}

std::string command_lines(const CompletedCommand& command) {
  std::string lines =
      fmt::format("complete -c procfarm -n 'test (count (__procfarm_words)) = 0' -a {} -d {}\n",
                  command.name, fish_word(command.description));
  for (const CompletedOption& option : command.options) {
    lines += option_line("__procfarm_in " + command.name, option);
  }
  for (std::size_t place = 0; place < command.places.size(); ++place) {
    if (command.places[place].kind == CompletedValue::Kind::none) continue;
    lines += fmt::format("complete -c procfarm -n '__procfarm_at {} {}'{}\n", command.name,
                         place + 1, arguments_for(command.places[place]));
  }
  return lines;
}

}  // namespace

std::string fish_script(const CLI::App& tool) {
  std::string valued;
  std::string lines;
  for (const CompletedOption& option : completed_options(tool)) {
    lines += option_line("test (count (__procfarm_words)) = 0", option);
  }
  for (const CompletedCommand& command : completed_commands(tool)) {
    lines += command_lines(command);
    for (const CompletedOption& option : command.options) {
      for (const std::string& name : option.names) {
        if (option.takes_value && valued.find(" " + name + " ") == std::string::npos) {
          valued += " " + name + " ";
        }
      }
    }
  }
  return fmt::format("# Completions of procfarm for fish.\nset -g __procfarm_valued{}\n", valued) +
         helpers + lines;
}

}  // namespace procfarm::cli
