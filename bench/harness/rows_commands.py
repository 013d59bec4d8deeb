# SPDX-License-Identifier: MIT
# rows_commands.py - rows 9, 10, 11, 13: commands, by the tool and by the library, against the loop
# that does nothing but start them, and against xargs, make, ninja and GNU parallel. The tool runs
# as it is used: output captured, run database written, a time limit and a retry allowed.
import os
import shutil

PROGRAM = "/bin/true"


class Lines:
    """Makes the same commands for each runner, and the functions that run them once."""

    def __init__(self, bench, count):
        self.bench, self.count = bench, count
        self.directory = os.path.join(bench.directory, f"lines-{count}")
        os.makedirs(self.directory, exist_ok=True)
        self.lines = self.file("lines.txt", "\n".join(str(i) for i in range(count)) + "\n")
        targets = " ".join(f"t{i}" for i in range(count))
        self.file("Makefile", f"all: {targets}\n.PHONY: all {targets}\n{targets}:\n"
                              f"\t@{PROGRAM} $@\n")
        self.file("build.ninja", f"rule run\n  command = {PROGRAM} $out\n"
                  + "".join(f"build t{i}: run\n" for i in range(count)))
        self.serial = 0

    def file(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def words(self, name, words):
        return self.file(name + ".words", "\n".join([shutil.which(words[0]) or words[0],
                                                     *words[1:]]) + "\n")

    def run(self, name, words):
        """Runs this command line from start to exit, its output into a file, then looks at it."""
        path = self.words(name, words)
        return lambda: self.bench.probe("spawn").ask(
            "run", words=path, count=self.count, out=os.path.join(self.directory, "output"),
            **{"in": self.directory})

    def tool(self, *options, command=(PROGRAM, "{{line}}")):
        words = [self.bench.tool, "each", self.lines, "-j", "2", "-q", *options]
        self.serial += 1  # each has other options
        ask = self.run(f"procfarm-{self.serial}", words + (["--", *command] if command else []))

        def once():
            reply = ask()
            shutil.rmtree(os.path.join(self.directory, ".procfarm"), ignore_errors=True)
            return reply

        return once


LIMITS = ("--timeout", "60", "--retries", "1")


def row_9(bench, report):
    """Commands per second, absolute path."""
    lines = Lines(bench, bench.sized(1500, 300))
    few = Lines(bench, bench.sized(150, 30))  # for GNU parallel
    ours = lines.tool(*LIMITS)
    loop = bench.asking("spawn", "loop", count=lines.count, capture=1)
    peers = {
        "library": bench.asking("farm", "commands", count=lines.count),
        "bare loop, no capture": bench.asking("spawn", "loop", count=lines.count, capture=0),
        "make -j2": lines.run("make", ["make", "-s", "-j2"]),
        "xargs -P2": lines.run("xargs", ["xargs", "-a", lines.lines, "-P2", "-n1", PROGRAM]),
        "ninja -j2": lines.run("ninja", ["ninja", "-j2", "--quiet"]),
        "GNU parallel -j2": few.run("parallel", ["parallel", "-j2", "-a", few.lines, PROGRAM]),
    }
    goals = {"bare loop": 0.95, "make -j2": 0.97, "xargs -P2": 1.25, "ninja -j2": 2,
             "GNU parallel -j2": 7}
    # Two peers at a time, and the loop with each: a round is short, so the machine is the same.
    names = list(peers)
    taken = {}
    for some in (names[:2], names[2:4], names[4:]):
        contenders = {"ours": ours, "bare loop": loop, **{name: peers[name] for name in some}}
        part = bench.compare(contenders, rounds=bench.rounds(11, 4), warm_up=not bench.quick,
                             seconds=45)
        taken.update({name: part for name in some})
        taken.setdefault("bare loop", part)
    first = taken["bare loop"]
    report.add("9", "commands, output captured, limits, run database",
               first.spread("ours", "rate"), "commands/s",
               ratios={peer: (taken[peer].ratio("ours", peer, "rate"), "at least", goal)
                       for peer, goal in goals.items()}, remark=first.remark())
    report.add("9", "  the same: bare loop", first.spread("bare loop", "rate"), "commands/s")
    for name in names:
        report.add("9", "  the same by the library: run_command" if name == "library"
                   else f"  the same: {name}", taken[name].spread(name, "rate"), "commands/s",
                   ratios={"bare loop": (taken[name].ratio(name, "bare loop", "rate"), None, None)},
                   remark="" if taken[name] is first else taken[name].remark())
    for name in ("ours", "library", "bare loop"):
        cpu = [sample["cpu"] / sample["count"] * 1e3 for sample in first.samples[name]]
        report.add("9", f"  CPU time per command: {name}", bench.spread(cpu), "ms")


def row_10(bench, report):
    """Simple shell lines."""
    lines = Lines(bench, bench.sized(1000, 300))
    taken = bench.compare({
        "ours": lines.tool("--shell", "/bin/echo {{line}}", *LIMITS, command=()),
        "bare loop": bench.asking("spawn", "loop", count=lines.count, capture=1,
                                  program="/bin/echo"),
        "xargs": lines.run("xargs", ["xargs", "-a", lines.lines, "-P2", "-I{}", "sh", "-c",
                                     "/bin/echo {}"])},
        rounds=bench.rounds(11, 4))
    report.add("10", "simple shell lines", taken.spread("ours", "rate"), "commands/s",
               ratios={"xargs -P2 -I{} sh -c": (taken.ratio("ours", "xargs", "rate"),
                                               "at least", 2)}, remark=taken.remark())
    report.add("10", "  the same: bare loop, no shell", taken.spread("bare loop", "rate"),
               "commands/s", ratios={"xargs -P2 -I{} sh -c": (
                   taken.ratio("bare loop", "xargs", "rate"), None, None)})


def row_11(bench, report):
    """Commands per second while the coordinator holds much memory."""
    with open("/proc/meminfo", encoding="ascii") as file:
        free = next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvail"))
    large = min(bench.sized(8, 2), int(free / 2 ** 30 / 2))
    count = bench.sized(600, 200)
    taken = bench.compare({
        "large": bench.asking("farm", "commands", count=count, ballast=large << 30),
        "small": bench.asking("farm", "commands", count=count, ballast=10 << 20)},
        rounds=bench.rounds(7, 3))
    report.add("11", f"commands, coordinator with {large} GiB", taken.spread("large", "rate"),
               "commands/s", ratios={"with 10 MiB": (taken.ratio("large", "small", "rate"),
                                                     "at least", 0.97)}, remark=taken.remark())


def row_13(bench, report):
    """One command, start to exit."""
    one = Lines(bench, 1)
    contenders = {"ours": one.tool(), "ours, --no-db": one.tool("--no-db"),
                  "xargs": one.run("xargs", ["xargs", "-a", one.lines, "-n1", PROGRAM]),
                  "make": one.run("make", ["make", "-s"]),
                  "the command itself": one.run("true", [PROGRAM, "0"]),
                  "GNU parallel": one.run("parallel", ["parallel", "-a", one.lines, PROGRAM])}
    taken = bench.compare(contenders, rounds=bench.sized(30, 7))
    for name, most in (("ours", 6), ("ours, --no-db", 3.2)):
        report.add("13", f"one command, start to exit: {name}",
                   taken.spread(name).scaled(1e3), "ms", most=most,
                   ratios={peer: (taken.ratio(name, peer), None, None)
                           for peer in ("xargs", "make")}, remark=taken.remark())
    for peer in ("xargs", "make", "GNU parallel", "the command itself"):
        report.add("13", f"  the same: {peer}", taken.spread(peer).scaled(1e3), "ms")


ROWS = {"9": (row_9, "commands"), "10": (row_10, "shell"), "11": (row_11, "ballast"),
        "13": (row_13, "start")}
