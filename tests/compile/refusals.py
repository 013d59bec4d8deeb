# SPDX-License-Identifier: MIT
"""Each wrong program of refusals.cpp: it does not compile, and the first error is the expected one."""

import re

REFUSED, NAMING = "// refused: ", "// naming"


def split(text):
    """The common head, and (line number, text) of each wrong program."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith(REFUSED)]
    parts = [(begin + 1, lines[begin:end]) for begin, end in zip(starts, starts[1:] + [len(lines)])]
    return lines[:starts[0]], parts


def name_of(part):
    code = next(line for line in part if not line.startswith("//"))
    return re.search(r'function<(\w+)>|(\w+)\(', code).group(0).rstrip("(")


def judge(said, content, compiler, part):
    expected = part[0][len(REFUSED):]
    if content:
        return f"it compiles; expected: {expected}"
    errors = [line for line in said.splitlines() if re.search(r"\berror: ", line)]
    if not errors or expected not in errors[0]:
        return f"the first error does not contain: {expected}\n{said}"
    names = dict(line[len(NAMING):].split(": ", 1) for line in part if line.startswith(NAMING))
    named = names.get(f" with {compiler.name}", names.get(""))
    if re.sub(r"\s", "", named) not in re.sub(r"\s", "", said):
        return f"this is not named: {named}\n{said}"
    return ""


def check(compiler, head, number, part, file):
    text = "\n".join(head + [f'#line {number} "{file}"'] + part) + "\n"
    source = compiler.write(f"refused_{number}.cpp", text)
    return judge(*compiler.check_syntax(source), compiler, part)


def control(compiler, head):
    said, content = compiler.check_syntax(compiler.write("right.cpp", "\n".join(head) + "\n"))
    return "" if content else said


def tests(compilers):
    result = []
    for compiler in compilers:
        file = compiler.root / "tests/compile/refusals.cpp"
        head, parts = split(file.read_text())
        result.append((f"the right program compiles ({compiler.name})",
                       lambda c=compiler, h=head: control(c, h)))
        for number, part in parts:
            result.append((f"a refusal in clear words: {name_of(part)} ({compiler.name})",
                           lambda c=compiler, h=head, n=number, p=part, f=file: check(c, h, n, p, f)))
    return result
