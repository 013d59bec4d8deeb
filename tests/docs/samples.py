# SPDX-License-Identifier: MIT
"""What README.md and docs/*.md show. Each ```cpp block is compiled, and run where it has a main().

A block is taken as declarations at namespace scope. Comments of the document, unseen by its readers, say
otherwise, each for what follows it in the file:
    <!-- cpp: statements -->     the next block stands in a function with `pool`, a ProcessPoolExecutor
    <!-- cpp-prelude             the code up to the closing line stands before all further blocks,
    ... -->                      until the next prelude
A block that begins with `$ ` is a command with its output; those named below are run and compared."""

import os
import re
import shutil
import subprocess
import tempfile

HEAD = "#include <procfarm/procfarm.hpp>\nusing namespace std::chrono_literals;\n"
PRELUDE = re.compile(r"<!-- cpp-prelude\n(.*?)-->", re.DOTALL)
BLOCK = re.compile(r"(?:<!-- cpp: (?P<kind>\w+) -->\n)?```cpp\n(?P<code>.*?)```", re.DOTALL)
SHOWN = re.compile(r"^```\n\$ (.*?)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def samples_of(text):
    """(line number, kind, prelude, code) of each C++ block."""
    preludes = [(match.start(), match.group(1)) for match in PRELUDE.finditer(text)]
    for match in BLOCK.finditer(text):
        before = [code for start, code in preludes if start < match.start()]
        code = match.group("code")
        kind = "program" if "int main(" in code else match.group("kind") or "declarations"
        line = text.count("\n", 0, match.start("code")) + 1
        yield line, kind, before[-1] if before else "", code


def program_text(kind, prelude, line, file, code):
    located = f'#line {line} "{file}"\n{code}'
    if kind == "statements":
        located = ("[[maybe_unused]] static void sample([[maybe_unused]] "
                   f"procfarm::ProcessPoolExecutor& pool) {{\n{located}}}\n")
    return HEAD + prelude + located


def run(command, directory, **options):
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, **options)
    return done.stdout, done.stderr, done.returncode


def check_sample(compiler, file, line, kind, prelude, code):
    text = program_text(kind, prelude, line, file, code)
    source = compiler.write(f"{file.name}_{line}.cpp", text)
    if kind != "program":
        if kind not in ("declarations", "statements"):
            return f"unknown kind of sample: {kind}"
        # A reader's sample may name what it does not use.
        said, content = compiler.run(["-include", str(compiler.header), "-fsyntax-only",
                                      "-Wno-unused", str(source)])
        return "" if content else said
    program = source.with_suffix("")
    said, content = compiler.link(source, program)
    if not content:
        return said
    out, err, status = run([str(program)], compiler.scratch)
    return "" if status == 0 and out else f"it ended with {status}\n{out}{err}"


def alike(text):
    """Lines in any order, without what differs from run to run."""
    text = re.sub(r"run \d{8}-\d{6}-\w+", "run ID", text)
    text = re.sub(r"by \w+\.$", "by USER.", text, flags=re.MULTILINE)
    text = re.sub(r"\[ *[\d.]+s\]", "[TIME]", text)
    text = re.sub(r"[\d.]+ (%|MiB)", r"N \1", text)
    return sorted(line.strip() for line in text.splitlines())


def check_hello(compiler, expected):
    with tempfile.TemporaryDirectory(dir=compiler.scratch) as directory:
        shutil.copy(compiler.root / "examples/hello.toml", directory)
        out, err, status = run([str(compiler.build / "procfarm"), "run", "hello.toml", "-j", "2"],
                               directory, env={**os.environ, "NO_COLOR": "1"})
    if status != 0 or alike(out + err) != alike(expected):
        return f"it ended with {status} and printed\n{out}{err}\nthe document shows\n{expected}"
    return ""


def check_primes(compiler, expected):
    out, err, status = run([str(compiler.build / "examples/primes")], compiler.scratch)
    if status != 0 or out != expected:
        return f"it ended with {status} and printed\n{out}{err}\nthe document shows\n{expected}"
    return ""


COMMANDS = {"tools/run examples/hello.toml -j 2": check_hello,
            "build/release/examples/primes": check_primes}


def check_options(compiler, text):
    """Each subcommand that the command line's table names has a help, and each option is in one."""
    tool = str(compiler.build / "procfarm")
    helps = run([tool, "--help"], compiler.scratch)[0]
    commands = sorted(set(re.findall(r"^\| `procfarm (\w+)", text, re.MULTILINE)))
    missing = [] if commands else ["no subcommand is named"]
    for command in commands:
        out, _, status = run([tool, command, "--help"], compiler.scratch)
        helps += out
        if status != 0 or f"Usage: procfarm {command} " not in out:
            missing.append(f"there is no procfarm {command}")
    for option in sorted(set(re.findall(r"`(?:[^`\n]* )?(--[a-z][a-z-]+)", text))):
        if not re.search(re.escape(option) + r"\b(?!-)", helps):
            missing.append(f"no help has {option}")
    return "\n".join(missing)


def check_version(compiler):
    declared = re.search(r"^  version: '([\d.]+)'", (compiler.root / "meson.build").read_text(),
                         re.MULTILINE).group(1)
    out, _, _ = run([str(compiler.build / "procfarm"), "--version"], compiler.scratch)
    header = (compiler.build / "include/procfarm/version.hpp").read_text()
    if declared in out.split() and f'PROCFARM_VERSION "{declared}"' in header:
        return ""
    return f"meson.build says {declared}, the tool {out}, the header\n{header}"


def tests(compiler):
    result = []
    for file in [compiler.root / "README.md", *sorted((compiler.root / "docs").glob("*.md"))]:
        text = file.read_text()
        for sample in samples_of(text):
            result.append((f"a sample is good C++: {file.name}:{sample[0]}",
                           lambda f=file, s=sample: check_sample(compiler, f, *s)))
        for command, expected in SHOWN.findall(text):
            if check := COMMANDS.get(command):
                result.append((f"a sample shows what is printed: {command}",
                               lambda c=check, e=expected: c(compiler, e)))
    jobs = (compiler.root / "docs/jobfile.md").read_text()
    result.append(("the tool knows the commands and options that docs/jobfile.md names",
                   lambda: check_options(compiler, jobs)))
    result.append(("tool, headers and build tell the same version", lambda: check_version(compiler)))
    return result
