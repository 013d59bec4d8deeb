# SPDX-License-Identifier: MIT
"""What libprocfarm.so shows: only names that a public header declares, none of the libraries it is
built from, none of its insides. That it shows enough is seen where everything.cpp is linked. And what
the tool loads: nothing that it does not need, as far as this system has static libraries."""

import re
import subprocess

SPECIAL = re.compile(r"^(?:typeinfo name|typeinfo|vtable|VTT|guard variable|non-virtual thunk) (?:for|to) ")


def public_names(root):
    """Words of the headers that are installed."""
    words = set()
    for part in ("include", "proto/include", "coordinator/include"):
        for header in (root / part).rglob("*.hpp"):
            if "wire" not in header.parts:
                words |= set(re.findall(r"\w+", header.read_text()))
    return words


def is_public(symbol, words):
    name = SPECIAL.sub("", symbol)
    name = re.sub(r"\(.*|\[abi:\w+\]", "", name)  # neither parameters nor what follows them
    name = re.sub(r"^procfarm::codec<procfarm::(\w+)>", r"procfarm::\1", name)
    parts = name.split("::")
    if parts[0] != "procfarm" or len(parts) < 2 or "wire" in parts or re.search(r"[<> ,*&]", name):
        return name.startswith("procfarm::Call::operator bool") and "Call" in words
    return all(part.lstrip("~") in words or part.startswith("operator") for part in parts[1:])


def check(compiler):
    listed = subprocess.run(["nm", "-D", "--defined-only", "-C", str(compiler.build / "libprocfarm.so")],
                            capture_output=True, text=True, check=True).stdout
    symbols = [line.split(" ", 2)[2] for line in listed.splitlines()]
    words = public_names(compiler.root)
    inner = [symbol for symbol in symbols if not is_public(symbol, words)]
    if not symbols:
        return "nothing is exported"
    return "".join(f"not for others: {symbol}\n" for symbol in inner[:20])


def check_loaded(compiler):
    needless = ["libprocfarm.so"]
    if (compiler.build / "libprocfarm-absent-transports.a").exists():  # there is a libzmq.a here
        needless += ["libzmq", "libsodium", "libpgm", "libnorm", "libgssapi", "libkrb5"]
    if (compiler.build / "libprocfarm-inside.a").exists():
        needless += ["libstdc++", "libgcc_s", "libfmt", "libtomlplusplus"]
    loaded = subprocess.run(["ldd", str(compiler.build / "procfarm")], capture_output=True, text=True,
                            check=True).stdout
    if "libc.so" not in loaded:
        return "nothing is loaded: " + loaded
    return "".join(f"the tool loads {name}\n" for name in needless if name in loaded)


def tests(compiler):
    return [("the shared library shows its public names only", lambda: check(compiler)),
            ("the tool loads no library of ZeroMQ's transports, nor what it has inside",
             lambda: check_loaded(compiler))]
