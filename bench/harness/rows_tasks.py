# SPDX-License-Identifier: MIT
# rows_tasks.py - rows 1, 2, 6, 7, 8, 12: tasks that do nothing or a fixed amount, one future each or
# mapped; one at a time; the time to a first result.
from .measure import Spread
from .probes import Failed

PYTHON_POOLS = {  # how many tasks take some 0.2 s
    "ppe": 3000,
    "pebble": 3000,
    "loky": 2000,
    "mpi": 1000,
    "dask": 200,
}
FULL_NAMES = {"ppe": "ProcessPoolExecutor", "pebble": "Pebble", "loky": "loky", "mpi": "mpi4py",
              "dask": "Dask"}


def row_1(bench, report):
    """Tiny tasks, one future each."""
    count = bench.sized(400_000, 200_000)
    contenders = {"ours": bench.asking("farm", "tasks", count=count),
                  "naive pool": bench.asking("threads", "tasks", count=count),
                  "TBB task_group": bench.asking("tbb", "tasks", count=count),
                  "ppe": bench.asking("python:futures ppe", "tasks", count=PYTHON_POOLS["ppe"])}
    if not bench.quick:
        contenders["a bare farm without guarantees"] = bench.asking("bare", "tasks", count=count)
        contenders["std::async"] = bench.asking("threads", "async", count=20_000)
    taken = bench.compare(contenders)
    ratios = {"naive pool": (taken.ratio("ours", "naive pool", "rate"), "at least", 1.5),
              "ppe": (taken.ratio("ours", "ppe", "rate"), "at least", 160)}
    for peer in contenders:
        if peer != "ours" and peer not in ratios:
            ratios[peer] = (taken.ratio("ours", peer, "rate"), None, None)
    report.add("1", "tiny tasks, one future each", taken.spread("ours", "rate"), "tasks/s",
               ratios=ratios, remark=taken.remark())
    for peer in contenders:
        if peer != "ours":
            report.add("1", f"  the same: {peer}", taken.spread(peer, "rate"), "tasks/s")
    cpu = Spread([s["cpu"] / s["count"] * 1e6 for s in taken.samples["ours"]])
    naive = Spread([s["cpu"] / s["count"] * 1e6 for s in taken.samples["naive pool"]])
    report.add("1", "  CPU time of all processes, per task", cpu, "us")
    report.add("1", "  the same: naive pool", naive, "us")
    for kind in ("pebble", "loky", "mpi", "dask"):
        name = f"python:futures {kind}"
        if bench.quick or not bench.has(name, "tasks", count=100):
            continue
        pair = bench.compare({"ours": bench.asking("farm", "tasks", count=count),
                              kind: bench.asking(name, "tasks", count=PYTHON_POOLS[kind])})
        bench.stop(name)
        report.add("1", f"  {FULL_NAMES[kind]}", pair.spread(kind, "rate"), "tasks/s",
                   ratios={"(ours to it)": (pair.ratio("ours", kind, "rate"), None, None)},
                   remark=pair.remark())


def row_2(bench, report):
    """Bulk map, no chunk hint."""
    count = bench.sized(1_000_000, 200_000)
    maps = "python:maps"
    taken = bench.compare({
        "ours": bench.asking("farm", "map", count=count),
        "Pool.map": bench.asking(maps, "pool", count=count),
        "joblib": bench.asking(maps, "joblib", count=bench.sized(100_000, 20_000)),
        "PPE.map chunk 1000": bench.asking(maps, "ppe", count=count // 4),
        "TBB parallel_for": bench.asking("tbb", "map", count=10 * count)},
        rounds=bench.rounds(11, 3))
    report.add("2", "map of tiny tasks, no hint", taken.spread("ours", "rate"), "tasks/s",
               ratios={"Pool.map": (taken.ratio("ours", "Pool.map", "rate"), "at least", 1.5),
                       "joblib": (taken.ratio("ours", "joblib", "rate"), "at least", 20),
                       "PPE.map chunk 1000": (taken.ratio("ours", "PPE.map chunk 1000", "rate"),
                                              None, None),
                       "TBB parallel_for": (taken.ratio("ours", "TBB parallel_for", "rate"),
                                            None, None)},
               remark=taken.remark())
    for peer in ("Pool.map", "joblib", "TBB parallel_for"):
        report.add("2", f"  the same: {peer}", taken.spread(peer, "rate"), "tasks/s")
    bench.stop(maps)


def row_6(bench, report):
    """Efficiency at a fixed grain against TBB."""
    one_second = bench.steps_per_second()
    for text, seconds, goal in (("1 ms", 1e-3, 0.995), ("100 us", 1e-4, 0.97),
                                ("10 us", 1e-5, None)):
        values = {"grain": round(one_second * seconds),
                  "count": max(200, round(bench.sized(0.8, 0.15) / seconds))}
        taken = bench.compare({"ours": bench.asking("farm", "tasks", **values),
                               "TBB": bench.asking("tbb", "tasks", **values)},
                              rounds=bench.rounds(11, 3))
        report.add("6", f"tasks of {text} on two workers", taken.spread("ours", "rate"), "tasks/s",
                   ratios={"TBB task_group": (taken.ratio("ours", "TBB", "rate"),
                                              "at least" if goal else None, goal)},
                   remark=taken.remark())


def row_7(bench, report):
    """One task at a time, hot."""
    count = bench.sized(3000, 800)
    for text, own, other, goal in (("two cores", 0, 1, 1.4), ("one core", 0, 0, None),
                                   ("not pinned", -1, -1, None)):
        taken = bench.compare({
            "ours": bench.asking("farm", "rtt", count=count, own=own, other=other),
            "raw ZeroMQ": bench.asking("transport", "rtt", count=count, own=own, other=other)})
        report.add("7", f"round trip of one task, hot, {text}",
                   taken.spread("ours").scaled(1e6), "us",
                   ratios={"raw ZeroMQ": (taken.ratio("ours", "raw ZeroMQ"),
                                          "at most" if goal else None, goal)},
                   remark=taken.remark())
        report.add("7", "  the same: raw ZeroMQ", taken.spread("raw ZeroMQ").scaled(1e6), "us")
    ppe = "python:futures ppe"
    taken = bench.compare({"ours": bench.asking("farm", "rtt", count=count),
                           "ppe": bench.asking(ppe, "rtt", count=count // 2),
                           "naive pool": bench.asking("threads", "rtt", count=count)})
    report.add("7", "  against Python and threads, not pinned",
               taken.spread("ours").scaled(1e6), "us",
               ratios={peer: (taken.ratio("ours", peer), None, None)
                       for peer in ("ppe", "naive pool")}, remark=taken.remark())


def row_8(bench, report):
    """One task at a time, the worker idle for 100 ms before each."""
    values = {"count": bench.sized(20, 5), "pause": 100_000, "own": 0, "other": 1}
    taken = bench.compare({"ours": bench.asking("farm", "rtt", **values),
                           "raw ZeroMQ": bench.asking("transport", "rtt", **values)},
                          rounds=bench.sized(7, 3), warm_up=False)
    report.add("8", "round trip of one task, cold, two cores",
               taken.spread("ours").scaled(1e6), "us",
               ratios={"raw ZeroMQ": (taken.ratio("ours", "raw ZeroMQ"), "at most", 1.1)},
               remark=taken.remark())


def row_12(bench, report):
    """From no executor to the first result. It counts how the program is linked: what is loaded is
    copied by a fork, and loaded again where workers execute the program anew."""
    rounds = bench.sized(30, 7)
    bench.stop("farm")  # after other rows it is large, and a fork copies its tables of pages
    contenders = {"fork": bench.asking("farm", "first", method="fork"),
                  "fork, libzmq.a": bench.asking("farm_static", "first", method="fork"),
                  "forkserver": bench.asking("farm", "first", method="forkserver"),
                  "forkserver, libzmq.a": bench.asking("farm_static", "first", method="forkserver"),
                  "spawn": bench.asking("farm", "first", method="spawn"),
                  "spawn, libzmq.a": bench.asking("farm_static", "first", method="spawn"),
                  "two forks and ZeroMQ alone": bench.asking("first", "first", method="fork"),
                  "an exec, a fork and ZeroMQ alone": bench.asking("first", "first", method="exec"),
                  "ppe": bench.asking("python:futures ppe", "first")}
    taken = bench.compare(contenders, rounds=rounds)
    for method, goal in (("fork", 2), ("fork, libzmq.a", 2), ("forkserver", None),
                         ("forkserver, libzmq.a", 3), ("spawn", None), ("spawn, libzmq.a", None)):
        report.add("12", f"time to first result, two workers, {method}",
                   taken.spread(method).scaled(1e3), "ms", most=goal,
                   ratios={"ppe": (taken.ratio(method, "ppe"), None, None)},
                   remark=taken.remark())
    for peer in ("two forks and ZeroMQ alone", "an exec, a fork and ZeroMQ alone", "ppe"):
        report.add("12", f"  the same: {peer}", taken.spread(peer).scaled(1e3), "ms")
    for kind in ("loky", "dask", "mpi"):
        name = f"python:futures {kind}"
        if bench.quick or name in bench.missing:
            continue
        try:
            replies = []
            for _ in range(3):  # a cluster starts once in a process
                replies.append(bench.probe(name).ask("first")["seconds"] * 1e3)
                bench.stop(name)
            report.add("12", f"  the same: {FULL_NAMES[kind]}", Spread(replies), "ms")
        except (Failed, OSError) as error:
            bench.missing[name] = str(error)


ROWS = {"1": (row_1, "tasks"), "2": (row_2, "map"), "6": (row_6, "grain"), "7": (row_7, "rtt"),
        "8": (row_8, "cold"), "12": (row_12, "first")}
