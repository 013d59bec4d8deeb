// SPDX-License-Identifier: MIT
// job_signature_test.cpp - calls of exported functions: names, numbers and types of arguments.
#include <doctest/doctest.h>

#include <stdexcept>

#include "cli/job_support.hpp"
#include "coordinator/cli/argument_type.hpp"
#include "coordinator/cli/signature.hpp"

namespace procfarm::cli {
namespace {

const std::vector<FunctionSignature> functions{
    {"digest", "", {{"path", "string"}}, "Digest"},
    {"merge", "", {{"parts", "list<Digest>"}}, "Digest"},
    {"scale", "", {{"factor", "float"}, {"times", "uint8"}}, "double"}};

/// What checking a task with these lines says; line 3 is the first of them.
std::string argument_error(const std::string& lines) {
  const Job job = job_of("[[task]]\nname = \"a\"\n" + lines);
  return error_of([&job] { check_arguments(job.tasks[0], functions); });
}

std::string conversion_error(const Value& value, const char* type,
                             ArgumentOrigin origin = ArgumentOrigin::literal) {
  try {
    convert_argument(value, parse_argument_type(type), origin);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

Value converted(const Value& value, const char* type,
                ArgumentOrigin origin = ArgumentOrigin::text_data) {
  return convert_argument(value, parse_argument_type(type), origin);
}

TEST_CASE("an unknown function, and too many or wrong arguments, are told before the run") {
  CHECK(argument_error("function = \"text.digst\"\nargs = [\"x\"]") ==
        "job.toml:3:12: unknown function 'digst' in module 'text' (did you mean 'digest'? it has: "
        "digest, merge, scale)");
  CHECK(argument_error("function = \"text.digest\"\nargs = [\"x\", \"y\"]") ==
        "job.toml:4:8: text.digest takes 1 argument (path: string), got 2");
  CHECK(argument_error("function = \"text.digest\"") ==
        "job.toml:1:1: text.digest takes 1 argument (path: string), got 0");
  CHECK(argument_error("function = \"text.scale\"\nargs = [1, 256]") ==
        "job.toml:4:12: argument 'times' of text.scale: expected uint8 (an integer from 0 to 255), "
        "got an integer 256");
  CHECK(argument_error("function = \"text.scale\"\nargs = { factor = 1.5, tims = 2 }") ==
        "job.toml:4:31: text.scale has no parameter 'tims' (did you mean 'times'?)");
  CHECK(argument_error("function = \"text.scale\"\nargs = { factor = 1.5 }") ==
        "job.toml:4:8: the argument 'times' of text.scale is missing (of type uint8)");
  CHECK(argument_error("function = \"text.scale\"\nargs = { times = 2, factor = 1 }") == "");
}

TEST_CASE("the list of all results goes only where a list is wanted") {
  CHECK(argument_error("function = \"text.merge\"\nargs = [\"{{digest.results}}\"]") == "");
  CHECK(argument_error("function = \"text.digest\"\nargs = [\"{{digest.results}}\"]") ==
        "job.toml:4:9: argument 'path' of text.digest: '{{digest.results}}' is a list, but the "
        "parameter is string");
}

TEST_CASE("literals must have the type of their parameter") {
  CHECK(conversion_error("5", "int32") ==
        "expected int32 (an integer from -2147483648 to 2147483647), got text \"5\"");
  CHECK(conversion_error(-1, "uint64") ==
        "expected uint64 (an integer from 0 to 18446744073709551615), got an integer -1");
  CHECK(conversion_error(5, "string") == "expected string, got an integer 5");
  CHECK(conversion_error(1, "bool") == "expected bool (true or false), got an integer 1");
  CHECK(conversion_error("x", "list<int8>") == "expected list<int8> (a list), got text \"x\"");
  CHECK(conversion_error({1, 2}, "tuple<int8>") ==
        "expected tuple<int8> (a list of 1), got a list");
  CHECK(conversion_error(30, "seconds") ==
        "expected a duration such as \"30s\", got an integer 30");
  CHECK(conversion_error("1500ms", "seconds") ==
        "expected a whole number of seconds, got text \"1500ms\"");
  CHECK(conversion_error(5, "Digest") == "");
  CHECK(conversion_error(nullptr, "optional<int8>") == "");
  CHECK(conversion_error("x", "map<string, list<int8>>") != "");
}

TEST_CASE("text of rows becomes the number or truth value that is wanted, as a whole") {
  CHECK(converted("18446744073709551615", "uint64") == 18446744073709551615ULL);
  CHECK(converted("-3", "int8") == -3);
  CHECK(converted("1e3", "double") == 1000.0);
  CHECK(converted("true", "bool") == true);
  CHECK(converted({"1", "2"}, "list<int64>") == Value({1, 2}));
  CHECK(converted("007", "string") == "007");
  CHECK(conversion_error("3 ", "int8", ArgumentOrigin::text_data) ==
        "expected int8 (an integer from -128 to 127), got text \"3 \"");
  CHECK(conversion_error("1e309", "double", ArgumentOrigin::text_data) != "");
  CHECK(conversion_error("3", "int8", ArgumentOrigin::data) != "");
}

TEST_CASE("integers become floats, numbers of data become text, durations their count") {
  CHECK(converted(3, "double").is_number_float());
  CHECK(converted(3, "string", ArgumentOrigin::data) == "3");
  CHECK(converted("1m 30s", "seconds", ArgumentOrigin::literal) == 90);
  CHECK(converted("1us", "duration", ArgumentOrigin::literal) == 1000);
}

TEST_CASE("values by name are put in the order of the parameters") {
  const Job job = job_of(
      "[[task]]\nname = \"a\"\nfunction = \"text.scale\"\n"
      "args = { times = 2, factor = 1 }");
  const Instance instance;
  const Resolved resolved = resolve(job, job.tasks[0], instance, {});
  CHECK(arrange_arguments(job.tasks[0], instance, resolved, functions[2]) ==
        std::vector<Value>{1.0, 2});
}

TEST_CASE("a row that is no number is told with its file and line") {
  const Job job = job_of(
      "[[task]]\nname = \"a\"\nfunction = \"text.scale\"\n"
      "foreach = { lines = \"n.txt\" }\nargs = [1, \"{{line}}\"]");
  Instance instance;
  instance.index = 6;
  instance.row.fields.emplace_back("line", "abc");
  instance.row.line = 7;
  const Resolved resolved = resolve(job, job.tasks[0], instance, {});
  CHECK(
      error_of([&] { arrange_arguments(job.tasks[0], instance, resolved, functions[2]); }) ==
      "n.txt:7: argument 'times' of text.scale in a[6]: expected uint8 (an integer from 0 to 255), "
      "got text \"abc\"");
}

}  // namespace
}  // namespace procfarm::cli
