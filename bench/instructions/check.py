# SPDX-License-Identifier: MIT
# check.py PROGRAM FIGURES [--update] - runs the pieces of the hot path under callgrind and compares
# the instructions per task with the recorded figures: more than 2 % above one of them fails. Time
# plays no part, so a busy machine changes nothing. --update records what was measured.
import glob
import os
import re
import subprocess
import sys
import tempfile

MOST = 1.02  # times the recorded figure
COUNT = 20_000  # tasks of each piece, as in instructions.cpp


def measured(program):
    """{name: instructions per task}, in the order of the program."""
    with tempfile.TemporaryDirectory(prefix="procfarm-instructions-") as directory:
        out = os.path.join(directory, "out")
        words = ["valgrind", "--tool=callgrind", "--instr-atstart=no",
                 f"--callgrind-out-file={out}", program]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"instructions: {program} failed under callgrind:\n{done.stdout}{done.stderr}")
        figures = {}
        files = sorted(glob.glob(out + ".*"), key=lambda path: int(path.rpartition(".")[2]))
        for path in files:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            name = re.search(r"^desc: Trigger: Client Request: (.+)$", text, re.M)
            total = re.search(r"^(?:summary|totals): (\d+)", text, re.M)
            if name and total:
                figures[name.group(1)] = int(total.group(1)) / COUNT
        if not figures:
            sys.exit("instructions: callgrind wrote no figures")
        return figures


def compiler():
    return subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True,
                          check=True).stdout.strip()


def recorded(path):
    """The figures, and the compiler that they belong to."""
    figures, made_by = {}, None
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("# g++ "):
                made_by = line.split()[2]
            elif line.strip() and not line.startswith("#"):
                number, name = line.split(None, 1)
                figures[name.strip()] = float(number)
    return figures, made_by


def record(path, figures):
    with open(path, "w", encoding="utf-8") as file:
        file.write("# Instructions per task, by tools/instructions --update. Release build of\n"
                   f"# g++ {compiler()}\n")
        for name, value in figures.items():
            file.write(f"{value:10.1f}  {name}\n")
    print(f"recorded {len(figures)} figures in {path}")


def compare(path, figures):
    """How many are worse than recorded, or not to be compared."""
    known, made_by = recorded(path)
    if made_by != compiler():
        print(f"instructions: the figures are of g++ {made_by}, this is {compiler()}: "
              "record them anew with tools/instructions --update")
        return 1
    bad = 0
    for name in {**known, **figures}:
        was, now = known.get(name), figures.get(name)
        if was is None or now is None:
            bad += 1
            print(f"FAILED  {name}: {'not recorded' if was is None else 'not measured any more'}")
            continue
        change = 100 * (now / was - 1) if was else 0
        worse = now > was * MOST
        bad += worse
        print(f"{'FAILED' if worse else 'ok':<7} {name}: {now:.1f} instructions per task, "
              f"recorded {was:.1f} ({change:+.1f} %)")
    if bad:
        print(f"instructions: {bad} failed. If that is meant: tools/instructions --update, and "
              "say why in the commit")
    return bad


def main():
    program, path = sys.argv[1:3]
    figures = measured(program)
    if sys.argv[3:] == ["--update"]:
        record(path, figures)
    elif compare(path, figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
