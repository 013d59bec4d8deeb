# SPDX-License-Identifier: MIT
# rows_metg.py - rows 3, 4, 5: the minimum effective task granularity (METG). For each system the
# tasks' work is halved again and again; granularity is wall time x lanes / tasks, efficiency the
# rate of the kernel's steps against the calibrated peak of two threads without any tasks. METG(x)
# is where the curve crosses x, interpolated on the logarithm of the granularity.
import math

from .measure import Spread, median
from .plot import Plot
from .probes import Failed

LANES = 2
COARSEST = 1 << 24  # steps per task; slow systems begin here, fast ones later


class System:
    """`coarsest`, `finest`: seconds of work per task at which its curve begins and must end."""

    def __init__(self, name, probe, request, coarsest, finest, least=2000):
        self.name, self.probe, self.request = name, probe, request
        self.coarsest, self.finest, self.least = coarsest, finest, least


SYSTEMS = [
    System("procfarm, futures", "farm", "tasks", 200e-6, 30e-9),
    System("procfarm, map", "farm", "map", 50e-6, 30e-9),
    System("procfarm, a message each", "farm unbatched", "tasks", 200e-6, 300e-9),
    System("procfarm, at most 4 under way", "farm", "alone", 1e-3, 2e-6, 500),
    System("naive thread pool", "threads", "tasks", 200e-6, 100e-9),
    System("std::async", "threads", "async", 1e-3, 5e-6, 500),
    System("TBB task_group", "tbb", "tasks", 50e-6, 30e-9),
    System("TBB parallel_for", "tbb", "map", 20e-6, 300e-9),  # finer ones overlap in the core
    System("Python ProcessPoolExecutor", "python:futures ppe", "tasks", 10e-3, 50e-6, 100),
    System("mpi4py.futures", "python:futures mpi", "tasks", 10e-3, 100e-6, 100),
    System("Dask", "python:futures dask", "tasks", 50e-3, 800e-6, 40),
]
QUICK = ("procfarm, futures", "procfarm, map", "naive thread pool", "Python ProcessPoolExecutor")


def crossing(curve, wanted):
    """curve: (granularity, efficiency), coarse to fine. The granularity at which the efficiency
    falls below `wanted` for the first time; None if it never is above it or never falls."""
    above = None
    for grain, efficiency in curve:
        if efficiency >= wanted:
            above = (grain, efficiency)
        elif above:
            part = (above[1] - wanted) / (above[1] - efficiency)
            return math.exp(math.log(above[0]) + part * (math.log(grain) - math.log(above[0])))
    return None


def sweep(bench, systems, seconds):
    """One curve for each system: all of them in turn at each grain, against the peak of these
    minutes (of one lane while both work): the machine is not always as fast."""
    peaks = []
    curves = {system.name: [] for system in systems}
    steps, turn = COARSEST, 0
    while steps >= 1:
        peaks.append(bench.steps_per_second_now())
        work = steps / median(peaks)
        active = [system for system in systems if system.finest <= work * 1.01 and
                  work <= system.coarsest * 2 and not finished(curves[system.name])]
        turn += 1
        for system in active[turn % max(1, len(active)):] + active[:turn % max(1, len(active))]:
            count = count_for(system, curves[system.name], work, seconds)
            reply = bench.probe(system.probe).ask(system.request, count=count, grain=steps)
            grain = reply["seconds"] * LANES / reply["count"]
            efficiency = work / grain
            if efficiency > 1.5:
                raise Failed(f"{system.name}: impossible efficiency {efficiency:.2f}")
            curves[system.name].append((grain, efficiency))
        steps //= 2
    return curves


def finished(curve):
    return len(curve) > 2 and curve[-1][1] < 0.3


def count_for(system, curve, work, seconds):
    """Tasks for about so many seconds: the last point tells what one costs besides its work."""
    overhead = 0.0
    if curve:
        grain, efficiency = curve[-1]
        overhead = grain * (1 - efficiency)
    guess = seconds * LANES / (work + max(overhead, 0))
    return int(min(max(guess, system.least), 3_000_000))


def rows_3_4_5(bench, report):
    """The sweep; its picture is drawn by the whole run."""
    systems = [s for s in SYSTEMS if (not bench.quick or s.name in QUICK) and s.probe not in
               bench.missing]
    systems = [s for s in systems if bench.has(s.probe, s.request, count=200)]
    repetitions = bench.sized(7, 2)
    sweeps = []
    fast = [s for s in systems if s.probe[:6] != "python"]
    dropped = 0
    while len(sweeps) < repetitions:
        try:
            sweeps.append(sweep(bench, fast, bench.sized(0.5, 0.1)))
        except Failed:  # the calibrated peak was disturbed: it is taken anew
            dropped += 1
            bench.peak = None
            if dropped > repetitions:
                raise
    if dropped:
        report.say(f"  3  sweeps dropped for an efficiency above 150 %: {dropped}")
    slow = [s for s in systems if s.probe[:6] == "python"]
    for system in slow:  # each alone: idle MPI processes and schedulers are not quiet
        for index in range(bench.sized(3, 1)):
            sweeps[index].update(sweep(bench, [system], bench.sized(0.5, 0.2)))
        bench.stop(system.probe)
    tell(report, systems, sweeps)
    curves = [(s.name, average([each[s.name] for each in sweeps if s.name in each]))
              for s in systems]
    for name, curve in curves:
        report.say(f"     {name}: " + "  ".join(f"{grain * 1e6:.3g}us {100 * part:.0f}%"
                                                for grain, part in curve))
    if bench.pictures:
        draw(curves, bench.picture("metg.svg"))


def average(curves):
    """Point by point, the medians."""
    shortest = min(len(curve) for curve in curves)
    return [(median([curve[i][0] for curve in curves]), median([curve[i][1] for curve in curves]))
            for i in range(shortest)]


def tell(report, systems, sweeps):
    naive = crossings(sweeps, "naive thread pool", 0.5)
    for system in systems:
        name = system.name
        for part, row in ((0.5, "3"), (0.95, "4")):
            values = crossings(sweeps, name, part)
            if name in ("procfarm, a message each", "procfarm, at most 4 under way"):
                row = "5"
            if not values:
                report.say(f"{row:>3}  METG({100 * part:.0f}%) {name}: not crossed")
                continue
            goal = {("3", "procfarm, futures"): 2, ("4", "procfarm, futures"): 20,
                    ("5", "procfarm, a message each"): 30}.get((row, name))
            if row == "5" and part != 0.5:
                goal = None
            ratios = {}
            if name.startswith("procfarm") and part == 0.5 and naive and row == "3":
                goal_here = 1 if name == "procfarm, futures" else None
                ratios["naive pool"] = (Spread([a / b for a, b in zip(values, naive)]),
                                        "at most" if goal_here else None, goal_here)
            report.add(row, f"METG({100 * part:.0f}%), {name}",
                       Spread([value * 1e6 for value in values]), "us", most=goal, ratios=ratios)


def crossings(sweeps, name, part):
    found = [crossing(each[name], part) for each in sweeps if name in each]
    return [value for value in found if value]


def draw(curves, path):
    plot = Plot("Efficiency against task granularity, two lanes",
                "granularity: wall time x 2 / tasks, us", "efficiency, %", log_y=False)
    for name, curve in curves:
        plot.line(name, [(grain * 1e6, 100 * min(part, 1.05)) for grain, part in curve],
                  bold=name.startswith("procfarm"))
    plot.level(50, "METG(50%)")
    plot.level(95, "METG(95%)")
    plot.write(path)


ROWS = {"3": (rows_3_4_5, "metg"), "4": (rows_3_4_5, "metg"), "5": (rows_3_4_5, "metg")}
