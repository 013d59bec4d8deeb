// SPDX-License-Identifier: MIT
// shell_template_test.cpp - placeholders of shell lines: each becomes a positional parameter quoted
// for its place, and stands nowhere the shell would not expand it.
#include <doctest/doctest.h>

#include <string>

#include "coordinator/cli/template.hpp"
#include "table_scope.hpp"

using namespace procfarm::cli;

namespace {

const TableScope scope({{"a", "it's; $(x)"}, {"n", 7}, {"b", -3}, {"raw", "-x | y"}});

ShellLine shell(const std::string& source) {
  return Template(source, {"j", 1, 1}, TemplateKind::shell).render_shell(scope);
}

std::string refusal(const std::string& source) {
  return job_error([&] { Template(source, {"j", 1, 1}, TemplateKind::shell); });
}

}  // namespace

TEST_CASE("a placeholder becomes a parameter quoted for its place") {
  struct {
    const char* source;
    const char* line;
  } const rows[] = {
      {"gzip -k {{a}}", "gzip -k \"${1}\""},
      {"echo \"x {{a}} y\" {{n}}", "echo \"x ${1} y\" \"${2}\""},
      {"{{a}}/*.txt", "\"${1}\"/*.txt"},
      {"x={{a}}; echo 'q'{{a}}'q'", "x=\"${1}\"; echo 'q'\"${2}\"'q'"},
      {"echo $(cat {{a}})", "echo $(cat \"${1}\")"},
      {"echo \"$(cat {{a}} \"{{a}}\") {{a}}\"", "echo \"$(cat \"${1}\" \"${2}\") ${3}\""},
      {"echo \"$(case x in x) cat {{a}};; esac) {{a}}\"",
       "echo \"$(case x in x) cat \"${1}\";; esac) ${2}\""},
      {"echo \"$( (cat {{a}}) )\" {{a}}", "echo \"$( (cat \"${1}\") )\" \"${2}\""},
      {"echo $(( {{n}} + 1 ))", "echo $(( (${1}) + 1 ))"},
      {"echo \"$((({{n}})*2)){{a}}\"", "echo \"$((((${1}))*2))${2}\""},
      {"echo a # it's {{a}}\necho {{a}}", "echo a # it's \"${1}\"\necho \"${2}\""},
      {"echo a#'b' {{a}}", "echo a#'b' \"${1}\""},
      {"echo \"${x:-it's}\" {{a}}", "echo \"${x:-it's}\" \"${1}\""},
      {"echo \"${x#'}'}\" {{a}}", "echo \"${x#'}'}\" \"${1}\""},
      {"echo $$ $# $x{{a}} \\' {{a}}", "echo $$ $# $x\"${1}\" \\' \"${2}\""},
      {"cat <<E {{a}}\nb \"{{a}}\" it's\nE\necho {{a}}",
       "cat <<E \"${1}\"\nb \"${2}\" it's\nE\necho \"${3}\""},
      {"cat <<-'E'\n\t'\"\n\tE\necho {{a}}", "cat <<-'E'\n\t'\"\n\tE\necho \"${1}\""},
      {"cat <<E\n$(echo {{a}})\nE", "cat <<E\n$(echo \"${1}\")\nE"},
      {"f() { echo a; }; f {{a}}", "f() { echo a; }; f \"${1}\""},
      {"set -euo pipefail; echo {{a}}", "set -euo pipefail; echo \"${1}\""},
      {"x={{a}}; set -- *; echo \"$x\"", "x=\"${1}\"; set -- *; echo \"$x\""},
      {"echo shift {{a}}", "echo shift \"${1}\""},
      {"echo $(set -- a; echo $1) {{a}}", "echo $(set -- a; echo $1) \"${1}\""},
      {"for f in *; do echo {{a}}; done", "for f in *; do echo \"${1}\"; done"},
      {"echo {{\"{{\"}} {{a}}", "echo {{ \"${1}\""},
      {"cat 2>&1 < {{a}} | sort > {{a}}", "cat 2>&1 < \"${1}\" | sort > \"${2}\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.source);
    CHECK(shell(row.source).line == row.line);
  }
}

TEST_CASE("the values are parameters in order, and reach beyond nine") {
  const ShellLine ten = shell("e {{a}} {{n}} {{n}} {{n}} {{n}} {{n}} {{n}} {{n}} {{n:03d}} {{a}}");
  REQUIRE(ten.parameters.size() == 10);
  CHECK(ten.parameters[0] == "it's; $(x)");
  CHECK(ten.parameters[8] == "007");
  CHECK(ten.line.ends_with("\"${9}\" \"${10}\""));
}

TEST_CASE("a raw splice is put in as it is, anywhere") {
  const ShellLine spliced = shell("cmd {{{raw}}} '{{{n}}}' {{a}}");
  CHECK(spliced.line == "cmd -x | y '7' \"${1}\"");
  CHECK(spliced.parameters == std::vector<std::string>{"it's; $(x)"});
}

TEST_CASE("a placeholder is refused where the shell would not expand it safely") {
  struct {
    const char* source;
    const char* expected;
  } const rows[] = {
      {"echo '{{a}}'", "j:1:7: a placeholder inside single quotes"},
      {"echo `cat {{a}}`", "j:1:11: a placeholder inside backticks"},
      {"echo \"`cat {{a}}`\"", "j:1:12: a placeholder inside backticks"},
      {"echo ${x:-{{a}}}", "j:1:11: a placeholder inside ${...}"},
      {"echo \"${x:-$(cat {{a}})}\"", "j:1:18: a placeholder inside ${...}"},
      {"echo \\{{a}}", "j:1:6: a backslash directly before a placeholder"},
      {"echo \"\\{{a}}\"", "j:1:7: a backslash directly before"},
      {"echo ${{a}}", "j:1:6: a '$' directly before a placeholder"},
      {"echo \"${{a}}\"", "j:1:7: a '$' directly before a placeholder"},
      {"cat <<'E'\n{{a}}\nE", "j:2:1: a placeholder in a here-document whose delimiter is quoted"},
      {"cat <<{{a}}\n", "j:1:7: a placeholder as the delimiter"},
      {"f() { echo {{a}}; }; f", "j:1:12: a placeholder inside a shell function"},
      {"f() (echo {{a}})", "j:1:11: a placeholder inside a shell function"},
      {"f() {\ncat <<E\n{{a}}\nE\n}", "j:3:1: a placeholder inside a shell function"},
      {"f() { echo \"$({ echo {{a}}; })\"; }", "j:1:22: a placeholder inside a shell function"},
      {"set -- *; echo {{a}}", "j:1:16: a placeholder after 'set' or 'shift'"},
      {"set -o pipefail a\necho {{a}}", "j:2:6: a placeholder after 'set' or 'shift'"},
      {"x=1 shift; echo {{a}}", "j:1:17: a placeholder after 'set' or 'shift'"},
      {"while x; do echo {{a}}; shift; done", "j:1:25: 'set' or 'shift' in a loop"},
      {"function f { echo; }; f {{a}}", "j:1:1: 'function' is not known"},
      {"echo $'a' {{a}}", "j:1:6: $'...' is not known"},
      {"((x<<2)); echo {{a}}", "j:1:1: '((' is not known"},
      {"echo \"$((cat) | {{a}})\"", "j:1:7: '$((' is read as arithmetic"},
      {"echo \"{{a}}", "j:1:6: a double quote is not closed"},
      {"echo {{a}} 'x", "j:1:12: a single quote is not closed"},
      {"echo $(cat {{a}}", "j:1:6: '$(' is not closed"},
      {"echo {{a}})", "j:1:11: ')' closes nothing"},
      {"echo {{a}", "j:1:6: '{{' is not closed"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.source);
    const std::string error = refusal(row.source);
    CHECK_MESSAGE(error.starts_with(row.expected), error);
  }
}

TEST_CASE("a line without placeholders is the shell's own affair") {
  CHECK(shell("echo $'x' ((1)) `'").line == "echo $'x' ((1)) `'");
  CHECK(shell("set -- a; awk '{print {{\"{{\"}}}' ").line == "set -- a; awk '{print {{}' ");
}

TEST_CASE("only integers reach arithmetic, and no value has NUL") {
  const auto render_error = [](const std::string& source, const TableScope& values) {
    const Template parsed(source, {"j", 1, 1}, TemplateKind::shell);
    return job_error([&] { (void)parsed.render_shell(values); });
  };
  CHECK(shell("echo $((1-{{b}}))").line == "echo $((1-(${1})))");
  CHECK(render_error("echo $(({{a}}))", scope)
            .starts_with("j:1:9: placeholder 'a' in arithmetic must be a decimal integer"));
  CHECK(render_error("echo $(({{n:03d}}))", scope).find("integer: \"007\"") != std::string::npos);
  const TableScope nul(TableScope::Values{{"v", std::string("a\0b", 3)}});
  CHECK(render_error("echo {{v}}", nul).find("contains a NUL") != std::string::npos);
  CHECK(render_error("echo {{{v}}}", nul).find("contains a NUL") != std::string::npos);
  CHECK(refusal(std::string("echo \0", 6)) == "j:1:6: a shell line cannot contain NUL");
}
