# SPDX-License-Identifier: MIT
# rows_counts.py - rows 21, 24, 25: the contention suite; instructions and system calls per task, as
# the slope between two numbers of tasks, so that start-up does not count.
import os
import re
import subprocess

from .measure import Spread
from .plot import bars
from .probes import UNBATCHED, Failed

def row_21(bench, report):
    """Contention: the same code on threads, in processes, on the farm. Controls differ by a few
    percent, if at all: that takes more rounds to see than a factor of three."""
    drawn = []
    cases = bench.probe("contention").ask("cases")  # name: 1 if it belongs to the first group
    cases.pop("cpu")
    for number, (name, contended) in enumerate(cases.items()):
        def ask(kind, iterations, number=number):
            return bench.asking("contention", kind, case=number, iterations=iterations)

        iterations = fitting(ask, bench.sized(0.2, 0.08))
        taken = bench.compare({kind: ask(kind, iterations)
                               for kind in ("threads", "processes", "farm")},
                              rounds=bench.rounds(22, 3) if contended else bench.rounds(33, 3),
                              seconds=20)
        ours = taken.ratio("threads", "farm")
        report.add("21", f"{'shared' if contended else 'control'}: {name}", ours,
                   "x threads",
                   ratios={"raw processes": (taken.ratio("processes", "farm"), "at least",
                                             0.9 if contended else 0.97)},
                   remark=taken.remark())
        drawn.append((name, ours.median, ours.least, ours.most))
    if bench.pictures:
        bars(bench.picture("contention.svg"),
             "The same code: speed on a farm of 2 workers / on 2 threads", drawn, "x",
             sum(cases.values()), "controls: nothing is shared, or threads are better")


def fitting(ask, seconds):
    """Iterations per task with which two threads need about so long, the starts not counted: far
    more than it takes to fork a process."""
    iterations = 1
    ask("threads", iterations)()
    while True:
        took = min(ask("threads", iterations)()["seconds"] for _ in range(2))
        if took >= seconds / 4:
            return max(1, round(iterations * seconds / took))
        iterations *= 4


def slope(of, few, many):
    """How much `of(count)` grows with each task."""
    return (of(many) - of(few)) / (many - few)


def instructions(bench, request, grain, program="farm", **values):
    """Of the program's own process; a farm's workers run beside it as always. It runs some 50 times
    slower than they do: with tasks of no length it would see idle workers and little else."""
    shim = os.path.join(bench.build, "bench", "libbench_callgrind_shim.so")
    # For callgrind a `rep movsb` is one instruction for each byte: copies are made by vectors.
    never = 1 << 30
    copies = ":".join(f"glibc.cpu.x86_rep_{kind}_threshold={never}" for kind in ("movsb", "stosb"))
    environment = dict(bench.environment, LD_PRELOAD=shim, GLIBC_TUNABLES=copies)

    def of(count):
        words = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                 bench.program(program), request, f"count={count}", f"grain={grain}",
                 *(f"{key}={value}" for key, value in values.items())]
        done = subprocess.run(words, env=environment, cwd=bench.directory, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        # Processes that it forks are counted and told apart from it, and end before it.
        found = re.findall(r"Collected : (\d+)", done.stderr)
        if done.returncode != 0 or not found:
            raise Failed("callgrind: " + (done.stdout + done.stderr)[-300:])
        return int(found[-1])
    return of


def can_trace(bench):
    """Does the kernel count for us? Needs perf, root and a tracefs."""
    try:
        done = subprocess.run(["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "true"],
                              cwd=bench.directory, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def calls(bench, request, kernel, environment):
    """Of all processes. Counted by the kernel where possible: strace stops the program at each
    call, so that hardly anything can travel together."""
    path = os.path.join(bench.directory, "calls")
    tool = (["perf", "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-o", path] if kernel
            else ["strace", "-f", "-c", "-o", path])

    def of(count):
        words = [*tool, bench.program("farm"), request, f"count={count}"]
        done = subprocess.run(words, env=environment, cwd=bench.directory, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        found = re.search(r"^(\d+),.*raw_syscalls" if kernel else r"(\d+)(?: +\d+)? total$", text,
                          re.MULTILINE)
        if done.returncode != 0 or not found:
            raise Failed(f"{tool[0]}: " + (done.stdout + done.stderr)[-300:])
        return int(found.group(1))
    return of


def row_24(bench, report):
    """Instructions of the coordinator per task, of 500 us with a future each, of 10 us in map."""
    for request, name, seconds, few, many, goal in (
            ("tasks", "futures", 5e-4, *bench.sized((2_000, 18_000), (1_000, 5_000)), 600),
            ("map", "map", 1e-5, *bench.sized((20_000, 420_000), (20_000, 120_000)), 60)):
        of = instructions(bench, request, round(bench.steps_per_second() * seconds))
        values = [slope(of, few, many) for _ in range(bench.sized(3, 1))]
        report.add("24", f"coordinator's instructions per task, {name}", Spread(values), "",
                   most=goal, remark="callgrind: all threads on one core, kernel not counted")
    # A chunk of tiny items is as large as without callgrind, which slows down only the coordinator.
    tiny = instructions(bench, "map", 0)
    report.add("24", "  the same: map, tiny items", Spread([slope(tiny, 20_000, 420_000)]), "")
    # The shorter the tasks, the more of them share a round of the driver.
    short = instructions(bench, "tasks", round(bench.steps_per_second() * 5e-5))
    report.add("24", "  the same: futures, tasks of 50 us", Spread([slope(short, 2_000, 18_000)]), "")
    for batch, what in ((256, "256 tasks"), (8, "8 tasks"), (1, "a task")):
        bare = instructions(bench, "tasks", 0, "bare", batch=batch)
        report.add("24", f"  a bare farm without guarantees, {what} in a message",
                   Spread([slope(bare, 10 * 256, 60 * 256)]), "")
    for program, name in (("threads", "naive pool"), ("tbb", "TBB task_group")):
        whole = instructions(bench, "tasks", 0, program)
        report.add("24", f"  the same: {name}, with what its threads do",
                   Spread([slope(whole, 2_000, 12_000)]), "")


def row_25(bench, report):
    """System calls per task."""
    kernel = can_trace(bench)
    each = dict(bench.environment, **{UNBATCHED: "1"})
    for request, environment, name, few, many, goal in (
            ("tasks", bench.environment, "batched",
             *bench.sized((20_000, 420_000), (20_000, 220_000)), 0.05),
            ("tasks", each, "a message each", 10_000, 60_000, 4),
            ("alone", bench.environment, "at most 4 under way", 500, 4500, None)):
        of = calls(bench, request, kernel, environment)
        values = [slope(of, few, many) for _ in range(bench.sized(5, 1))]
        report.add("25", f"system calls of all processes per task, {name}", Spread(values), "",
                   most=goal, remark="" if kernel else "by strace, which slows everything down")


ROWS = {"21": (row_21, "contention"), "24": (row_24, "instructions"), "25": (row_25, "syscalls")}
