// SPDX-License-Identifier: MIT
// template_test.cpp - placeholders: what they become, and what is refused where.
#include "coordinator/cli/template.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "table_scope.hpp"

using namespace procfarm::cli;

namespace {

const TableScope scope({{"index", 7},
                        {"x", 2.5},
                        {"name", "ab"},
                        {"flag", true},
                        {"path", "in/a.tar.gz"},
                        {"First Name", "Ada"},
                        {"list", Value::array({1, "b"})},
                        {"my-task_2.result", 5},
                        {"my-task_2.stdout", "out\n"},
                        {"t.results", Value::array({1, 2})},
                        {"t.results-file", "/run/t.jsonl"}});

std::string text(const std::string& source) { return Template(source).render_text(scope); }

std::string parse_error(const std::string& source) {
  return job_error([&] { Template(source, {"j.toml", 3, 10}); });
}

std::string render_error(const std::string& source) {
  return job_error([&] { (void)Template(source, {"j.toml", 3, 10}).render_text(scope); });
}

}  // namespace

TEST_CASE("placeholders become text") {
  struct {
    const char* source;
    const char* expected;
  } const rows[] = {
      {"", ""},
      {"plain", "plain"},
      {"a{{index}}b{{name}}", "a7bab"},
      {"{{ index }}", "7"},
      {"{{index:06d}}", "000007"},
      {"{{index:.2f}}", "7.00"},
      {"{{x:.3f}}", "2.500"},
      {"{{name:>5}}|", "   ab|"},
      {"{{name:*^6}}", "**ab**"},
      {"{{flag}}", "true"},
      {"{{flag:d}}", "1"},
      {"{{path.stem}} {{path.name}} {{path.dir}} {{path.ext}}", "a.tar a.tar.gz in .gz"},
      {"{{path.stem:>7}}", "  a.tar"},
      {"{{First Name}}", "Ada"},
      {"{{list}}", "[1,\"b\"]"},
      {"{{my-task_2.result}}", "5"},
      {"{{my-task_2.stdout}}", "out\n"},
      {"{{t.results}}", "/run/t.jsonl"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.source);
    CHECK(text(row.source) == row.expected);
  }
}

TEST_CASE("braces that are no placeholder stay") {
  CHECK(text(R"({{"{{"}}x{{"}}"}})") == "{{x}}");
  CHECK(text(R"({"a":{"b":1}})") == R"({"a":{"b":1}})");
  CHECK(text(R"({"a":{{index}}})") == R"({"a":7})");
  CHECK(text("${a:-${b}} {x}") == "${a:-${b}} {x}");
  CHECK(text(R"({{"{"}}{{index}}})") == "{7}");
}

TEST_CASE("a string that is one placeholder keeps its value's type") {
  CHECK(Template("{{index}}").render_value(scope) == Value(7));
  CHECK(Template("{{list}}").render_value(scope) == Value::array({1, "b"}));
  CHECK(Template("{{t.results}}").render_value(scope) == Value::array({1, 2}));
  CHECK(Template("{{t.results}} ").render_value(scope) == Value("/run/t.jsonl "));
  CHECK(Template("{{index:d}}").render_value(scope) == Value("7"));
  CHECK(Template("7").render_value(scope) == Value("7"));
  CHECK(Template("{{index}}").is_single());
  CHECK_FALSE(Template("{{index:d}}").is_single());
  CHECK_FALSE(Template(" {{index}}").is_single());
  CHECK_FALSE(Template(R"({{"{{"}})").is_single());
}

TEST_CASE("references tell name, accessor and place") {
  const Template parsed("\xc3\xa4{{index}}\n  {{t.results}} {{a.b.stem}}{{a.c}}",
                        {"j.toml", 3, 10});
  const auto& found = parsed.references();
  REQUIRE(found.size() == 4);
  CHECK(found[0].name == "index");
  CHECK(found[0].accessor == Accessor::none);
  CHECK(found[0].position == Position{"j.toml", 3, 11});
  CHECK(found[1].name == "t");
  CHECK(found[1].accessor == Accessor::results);
  CHECK(found[1].position == Position{"j.toml", 4, 3});
  CHECK(found[2].name == "a.b");
  CHECK(found[2].accessor == Accessor::stem);
  CHECK(found[3].name == "a.c");
  CHECK_FALSE(parsed.is_literal());
  CHECK(Template("none").is_literal());
}

TEST_CASE("a malformed placeholder is refused with its place") {
  struct {
    const char* source;
    const char* expected;
  } const rows[] = {
      {"ab{{index", "j.toml:3:12: '{{' is not closed"},
      {"ab{{index}", "j.toml:3:12: '{{' is not closed"},
      {"{{a} {{b}}", "j.toml:3:10: the braces after '{{' are unbalanced"},
      {"x}} y", "j.toml:3:11: '}}' closes nothing"},
      {"{x}}", "j.toml:3:12: '}}' closes nothing"},
      {"{{}}", "j.toml:3:10: a placeholder without a name"},
      {"{{ }}", "j.toml:3:10: a placeholder without a name"},
      {"{{:d}}", "j.toml:3:10: a placeholder without a name"},
      {"{{.stem}}", "j.toml:3:10: there is no name before '.stem'"},
      {"{{x|y}}", "j.toml:3:10: a placeholder's name cannot contain '|'"},
      {"{{a\nb}}", "j.toml:3:10: a placeholder's name cannot contain '\\n'"},
      {"{{x:}}", "j.toml:3:10: the format '' of placeholder 'x' is empty"},
      {"{{x:06q}}", "j.toml:3:10: the format '06q' of placeholder 'x' is not one"},
      {"{{x:999999999}}", "j.toml:3:10: the format '999999999' of placeholder 'x' has a number"},
      {"{{x:{w}}}", "j.toml:3:10: the braces after '{{' are unbalanced"},
      {"{{{x}}}", "j.toml:3:10: {{{...}}} is only for shell lines"},
      {"{{\"a\"}}", "j.toml:3:10: a placeholder with quotes"},
      {"{{\"{{\"", "j.toml:3:10: a placeholder with quotes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.source);
    const std::string error = parse_error(row.source);
    CHECK_MESSAGE(error.starts_with(row.expected), error);
  }
}

TEST_CASE("what does not fit at run time names placeholder and value") {
  CHECK(render_error("a {{nmae}}") == "j.toml:3:12: unknown placeholder 'nmae'");
  CHECK(render_error("{{other.result}}") == "j.toml:3:10: unknown placeholder 'other.result'");
  CHECK(render_error("{{name:06d}}")
            .starts_with("j.toml:3:10: the format '06d' does not fit placeholder 'name', which is "
                         "text: \"ab\""));
  CHECK(render_error("{{x:d}}").find("which is a float: 2.5") != std::string::npos);
  CHECK(render_error("{{index.stem}}") ==
        "j.toml:3:10: 'index.stem' needs a path, but 'index' is an integer: 7");
}

TEST_CASE("a value is never taken for a template") {
  const TableScope odd(TableScope::Values{{"v", "{{index}} {} $(x)"}});
  CHECK(Template("<{{v}}>").render_text(odd) == "<{{index}} {} $(x)>");
  CHECK(Template("{{v:s}}").render_text(odd) == "{{index}} {} $(x)");
}
