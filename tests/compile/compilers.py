# SPDX-License-Identifier: MIT
"""The compilers that are installed, each with the whole library precompiled, so that one more
program costs little."""

import os
import pathlib
import shutil
import subprocess

PARALLEL = max(1, min(4, os.cpu_count() or 1))
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]


class Compiler:
    def __init__(self, name, root, build, scratch):
        self.name, self.root, self.build, self.scratch = name, root, build, scratch
        self.flags = ["-std=c++20", "-DMSGPACK_NO_BOOST", "-pthread"] + WARNINGS
        for part in (root / "include", build / "include", root / "proto/include",
                     root / "coordinator/include"):
            self.flags.append(f"-I{part}")
        self.header = scratch / f"{name}.hpp"
        self.header.write_text("#include <procfarm/procfarm.hpp>\n")

    def precompile(self):
        suffix = ".pch" if self.name.startswith("clang") else ".gch"
        self.run(["-x", "c++-header", str(self.header), "-o", f"{self.header}{suffix}"], check=True)
        return self

    def run(self, arguments, check=False):
        """What the compiler says, and whether it was content."""
        done = subprocess.run([self.name, *self.flags, *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name} fails:\n{done.stderr}")
        return done.stderr, done.returncode == 0

    def check_syntax(self, source):
        return self.run(["-include", str(self.header), "-fsyntax-only", str(source)])

    def link(self, source, program):
        libraries = [f"-L{self.build}", "-lprocfarm", "-lfmt", f"-Wl,-rpath,{self.build}"]
        return self.run(["-include", str(self.header), str(source), "-o", str(program), *libraries])

    def write(self, name, text):
        path = self.scratch / self.name / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path


def installed(root, build, scratch, threads):
    found = [Compiler(name, root, build, scratch) for name in ("g++", "clang++")
             if shutil.which(name)]
    return list(threads.map(Compiler.precompile, found))


def check_everything(compiler):
    source = compiler.root / "tests/compile/everything.cpp"
    if compiler.name != "g++":
        said, content = compiler.check_syntax(source)
        return "" if content else said
    program = compiler.scratch / "everything"
    said, content = compiler.link(source, program)
    if not content:
        return said
    done = subprocess.run([str(program)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=120)
    return "" if done.returncode == 0 else f"it ended with {done.returncode}\n{done.stderr}"


def tests(compilers):
    return [(f"every template compiles without a warning ({compiler.name})",
             lambda compiler=compiler: check_everything(compiler)) for compiler in compilers]
