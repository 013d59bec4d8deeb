# SPDX-License-Identifier: MIT
# bench.py - carries out what tools/bench was asked for: rows by number or name, each a function
# that takes samples and adds lines to the report. See docs/performance.md for what the rows mean.
import argparse
import os
import signal
import sys
import time

from harness import (measure, rows_commands, rows_counts, rows_memory, rows_metg, rows_scale,
                     rows_tasks)
from harness.probes import Bench, Failed
from harness.report import Report

ROWS = {}
for module in (rows_tasks, rows_metg, rows_commands, rows_memory, rows_scale, rows_counts):
    ROWS.update(module.ROWS)
ROWS = dict(sorted(ROWS.items(), key=lambda each: int(each[0])))


def chosen(names):
    """The functions that were asked for, each once, in the order of the rows."""
    known = {**{number: row for number, row in ROWS.items()},
             **{name: (function, name) for function, name in ROWS.values()}}
    for name in names:
        if name not in known:
            sys.exit(f"bench: no row {name!r}; there are: "
                     + ", ".join(f"{number} ({name})" for number, (_, name) in ROWS.items()))
    wanted = [known[name][0] for name in names] if names else [row for row, _ in ROWS.values()]
    return [row for row in dict.fromkeys(each for each, _ in ROWS.values()) if row in wanted]


def conditions(bench):
    """What a reader of the figures must know."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")),
                     "unknown processor")
    samples = "quick samples" if bench.quick else "full samples"
    return (f"{measure.CORES} cores of {model}, Linux {os.uname().release}, {samples}; "
            f"{bench.steps_per_second() / 1e6:.0f}M steps of the kernel per second and lane. "
            "Medians (minimum-maximum); ratios are medians of ratios within rounds.")


def main():
    parser = argparse.ArgumentParser(prog="tools/bench", description="Measures procfarm against "
                                     "its peers on this machine; rows are numbers or names.")
    parser.add_argument("rows", nargs="*", metavar="NAME", help="e.g. 9, or commands")
    parser.add_argument("--json", metavar="FILE", help="also as JSON lines")
    parser.add_argument("--markdown", metavar="FILE", help="also as a table, between the marks of a document")
    parser.add_argument("--pictures", metavar="DIR", help="draw the pictures into this directory")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter samples")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()

    if options.pictures:
        os.makedirs(options.pictures, exist_ok=True)

    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    rows = chosen(options.rows)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))  # cleans up on the way out
    measure.become_subreaper()
    bench = Bench(root, options.build, options.quick, options.pictures)
    report = Report(options.json)
    began = time.monotonic()
    try:
        report.conditions = conditions(bench)
        report.say(report.conditions)
        for row in rows:
            start = time.monotonic()
            try:
                row(bench, report)
            except Failed as error:
                bench.missing[row.__doc__] = str(error)
                report.failed += 1
            report.say(f"     ({row.__doc__.splitlines()[0]} {time.monotonic() - start:.1f} s)")
    finally:
        bench.close()
    report.end(bench.missing)
    report.say(f"took {time.monotonic() - began:.0f} s")
    if options.markdown:
        report.markdown(options.markdown)
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
