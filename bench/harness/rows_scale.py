# SPDX-License-Identifier: MIT
# rows_scale.py - rows 18, 19, 20, 22, 23, 26: many tasks, many workers, idle workers, lost ones.
import os
import re
import signal
import subprocess
import time

from . import measure
from .measure import Spread
from .plot import Plot

SIMULATED = "simulated workers in the scheduler's process, no sockets"


def simulate(bench, tasks, workers, total):
    return bench.asking("scheduler", "simulate", tasks=tasks, workers=workers, total=total)


def nanoseconds(taken, name):
    return taken.spread(name).scaled(1e9)


def row_18(bench, report):
    """Cost per task with many workers."""
    tasks = bench.sized(1_000_000, 200_000)
    counts = [2, 10, 100, 1000] if not bench.quick else [2, 1000]
    taken = bench.compare({str(workers): simulate(bench, tasks, workers, tasks)
                           for workers in counts}, rounds=bench.rounds(11, 5))
    for workers in counts:
        last = workers == 1000
        report.add("18", f"scheduler's CPU per task, {workers} workers",
                   nanoseconds(taken, str(workers)), "ns",
                   ratios={"2 workers": (taken.ratio(str(workers), "2"),
                                         "at most" if last else None, 1.5 if last else None)},
                   remark=SIMULATED)
    bench.by_workers = [(workers, taken.spread(str(workers)).median * 1e9) for workers in counts]


def row_19(bench, report):
    """Cost per task with many tasks."""
    counts = [10 ** power for power in range(3, bench.sized(8, 7))]
    most = counts[-1]
    taken = bench.compare({str(tasks): simulate(bench, tasks, 2, bench.sized(1_000_000, 200_000))
                           for tasks in counts}, rounds=bench.rounds(5, 3))
    base = str(10_000)
    for tasks in counts:
        last = tasks == most
        report.add("19", f"scheduler's CPU per task, {tasks:,} tasks",
                   nanoseconds(taken, str(tasks)), "ns",
                   ratios={"10,000 tasks": (taken.ratio(str(tasks), base),
                                            "at most" if last else None, 1.1 if last else None)},
                   remark=SIMULATED)
    real = {}
    for tasks in counts:
        real[str(tasks)] = bench.asking("farm", "tasks", count=tasks)
    whole = bench.compare(real, rounds=bench.sized(3, 2))
    for tasks in counts:
        report.add("19", f"  wall time per task of a whole farm, {tasks:,} tasks",
                   nanoseconds(whole, str(tasks)), "ns",
                   ratios={"10,000 tasks": (whole.ratio(str(tasks), base), None, None)})
    if bench.pictures:
        draw(bench, [(tasks, taken.spread(str(tasks)).median * 1e9) for tasks in counts],
             [(tasks, whole.spread(str(tasks)).median * 1e9) for tasks in counts])


def draw(bench, simulated, whole):
    plot = Plot("Cost of a task that does nothing", "number of tasks, or of workers",
                "ns per task")
    plot.line("farm, 2 workers: by tasks", whole, bold=True)
    plot.line("scheduler alone: by tasks", simulated)
    plot.line("scheduler alone: by workers", getattr(bench, "by_workers", []))
    plot.write(bench.picture("cost-per-task.svg"))


def memory_of(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024


def workers_of(pid):
    """The grandchildren: what the supervisors below this probe have started."""
    return [worker for supervisor in measure.children_of(pid)
            for worker in measure.children_of(supervisor)]


def row_20(bench, report):
    """A thousand real, idle workers."""
    count = 1000
    starts = []
    for _ in range(bench.sized(3, 1)):
        starts.append(bench.probe("workers").ask("start", workers=count)["seconds"])
    pid = bench.probe("workers").process.pid
    time.sleep(1)
    workers = workers_of(pid)
    if len(workers) != count:
        raise RuntimeError(f"{len(workers)} workers instead of {count}")
    memory = [memory_of(worker) for worker in workers[:: bench.sized(10, 50)]]
    seconds = bench.sized(10, 3)
    before = measure.cpu_seconds(pid)
    time.sleep(seconds)
    used = (measure.cpu_seconds(pid) - before) / seconds
    report.add("20", f"{count:,} real workers started, each with a task", Spread(starts), "s",
               most=2)
    report.add("20", "  memory of each (Pss)", Spread([each / 2 ** 20 for each in memory]), "MiB",
               most=2)
    report.add("20", "  CPU of all processes while idle", Spread([100 * used]), "% of one core",
               most=1)
    stopped = bench.probe("workers").ask("stop")["seconds"]
    report.add("20", "  shutdown of them", Spread([stopped]), "s")
    bench.stop("workers")


def switches(pids):
    """How often threads of these processes have gone to sleep: each wake-up ends in one."""
    total = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii",
                      errors="replace") as file:
                total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(),
                                       re.M).group(1))
    return total


def threads_in(pids):
    return sum(len(os.listdir(f"/proc/{pid}/task")) for pid in pids)


def count_calls(bench, pids, seconds):
    """System calls that these processes make in so many seconds, by strace. It sees the call in
    which each thread waits once more, because it interrupts it: those are not counted."""
    path = os.path.join(bench.directory, "strace")
    words = ["strace", "-f", "-qq", "-o", path] + [f"-p{pid}" for pid in pids]
    tracer = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    with open(path, encoding="utf-8", errors="replace") as file:
        calls = [line for line in file if "(" in line and "resumed>" not in line]
    return max(0, len(calls) - threads_in(pids))


def row_23(bench, report):
    """Cost of a farm that has nothing to do."""
    bench.probe("farm").ask("tasks", count=10_000)
    pid = bench.probe("farm").process.pid
    time.sleep(0.3)
    pids = measure.tree_of(pid)
    workers = len(workers_of(pid))
    seconds = bench.sized(20, 3)
    before, used = switches(pids), measure.cpu_seconds(pid)
    time.sleep(seconds)
    wakes = (switches(pids) - before) / seconds
    used = (measure.cpu_seconds(pid) - used) / seconds
    calls = count_calls(bench, pids, seconds) / seconds
    report.add("23", "idle farm of two, all processes: wake-ups per worker",
               Spread([wakes / workers]), "per s", most=1)
    report.add("23", "  system calls", Spread([calls]), "per s", most=0)
    report.add("23", "  CPU", Spread([100 * used]), "% of one core")


def row_26(bench, report):
    """From the kill of a worker to its task in other hands."""
    taken = bench.compare({"ours": bench.asking("workers", "loss",
                                                count=bench.sized(20, 8))},
                          rounds=bench.rounds(11, 3), warm_up=False)
    bench.stop("workers")
    report.add("26", "worker killed: its task's future has failed",
               taken.spread("ours", "seconds").scaled(1e3), "ms", most=2, remark=taken.remark())
    report.add("26", "  worker killed: further attempt, run by another, is back",
               taken.spread("ours", "requeued").scaled(1e3), "ms", most=2)


def row_22(bench, report):
    """A worker that stands still for a second."""
    count = 2000
    taken = bench.compare({"ours": bench.asking("workers", "straggler", count=count)},
                          rounds=bench.rounds(5, 1), warm_up=False)
    bench.stop("workers")
    ideal = count * 1e-3 / 3
    report.add("22", "one of four workers stopped for 1 s, 2,000 tasks of 1 ms",
               taken.spread("ours", "seconds"), "s",
               ratios={"three workers without pause": (
                   Spread([each / ideal for each in taken.values("ours", "seconds")]),
                   "at most", 1.25)},
               remark="no task is ever issued twice, so the one that was running waits")


ROWS = {"18": (row_18, "many-workers"), "19": (row_19, "many-tasks"), "20": (row_20, "thousand"),
        "22": (row_22, "straggler"), "23": (row_23, "idle"), "26": (row_26, "loss")}
