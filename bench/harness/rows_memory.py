# SPDX-License-Identifier: MIT
# rows_memory.py - rows 14, 15, 16, 17: memory of queued tasks, the rate of submit when many are
# queued, large arguments.
from .measure import Spread

BLOCK = 64 << 20


def queue_samples(bench):
    """Rows 14 and 15 come from the same fillings of a queue."""
    least, most = bench.sized((1_000_000, 10_000_000), (300_000, 1_500_000))
    if not hasattr(bench, "queue_replies"):
        taken = bench.compare({"ours": bench.asking("queue", "queue", least=least, most=most)},
                              rounds=bench.sized(3, 1), warm_up=False)
        bench.stop("queue")
        bench.queue_replies = taken
    return least, most, bench.queue_replies


def millions(count):
    return f"{count / 1e6:g}M"


def row_14(bench, report):
    """Memory per queued task."""
    least, most, taken = queue_samples(bench)
    ours = taken.values("ours", "bytes")
    report.add("14", f"memory per queued task, {millions(least)} to {millions(most)}, with future",
               Spread(ours), "B", most=96, remark=taken.remark())
    ppe = "python:futures ppe"
    if not bench.has(ppe, "queue", least=100, most=200):
        return
    least, most = bench.sized((20_000, 100_000), (2000, 12_000))
    theirs = bench.probe(ppe).ask("queue", least=least, most=most)["bytes"]
    bench.stop(ppe)
    report.add("14", "  the same: ppe", Spread([theirs]), "B",
               ratios={"ours": (Spread([theirs / each for each in ours]), "at least", 20)})


def row_15(bench, report):
    """Rate of submit at depth."""
    _, most, taken = queue_samples(bench)
    report.add("15", f"submit at depth {millions(most)}", taken.spread("ours", "deep"), "tasks/s",
               ratios={"at depth 10k": (taken.ratio_of_keys("ours", "deep", "shallow"),
                                        "at least", 0.8)}, remark=taken.remark())
    report.add("15", f"{millions(most)} queued in", taken.spread("ours", "seconds"), "s",
               most=5 if most == 10_000_000 else None)
    report.add("15", f"  {millions(most)} queued ones run by one worker in",
               taken.spread("ours", "drained"), "s")


def row_16(bench, report):
    """A large argument."""
    count = bench.sized(10, 1)
    values = {"size": BLOCK, "count": count}
    taken = bench.compare({"ours": bench.asking("farm", "bytes", **values),
                           "there and back": bench.asking("farm", "bytes", back=1, **values),
                           "memcpy": bench.asking("transport", "copy", **values),
                           "raw ZeroMQ": bench.asking("transport", "bytes", **values),
                           "Pool.apply": bench.asking("python:maps", "bytes", size=BLOCK,
                                                      count=bench.sized(2, 1))},
                          rounds=bench.rounds(11, 3))
    for name in taken.samples:
        for sample in taken.samples[name]:
            sample["rate"] = sample["bytes"] / sample["seconds"]
    report.add("16", "64 MiB argument to a worker", taken.spread("ours", "rate"), "B/s",
               ratios={"memcpy": (taken.ratio("ours", "memcpy", "rate"), "at least", 0.8),
                       "raw ZeroMQ": (taken.ratio("ours", "raw ZeroMQ", "rate"), "at least", 5),
                       "Pool.apply": (taken.ratio("ours", "Pool.apply", "rate"), None, None)},
               remark=taken.remark())
    report.add("16", "  64 MiB there and back", taken.spread("there and back", "rate"), "B/s",
               ratios={"memcpy": (taken.ratio("there and back", "memcpy", "rate"), None, None)})
    for peer in ("memcpy", "raw ZeroMQ", "Pool.apply"):
        report.add("16", f"  the same: {peer}", taken.spread(peer, "rate"), "B/s")
    bench.stop("python:maps")


def row_17(_, report):
    """Hand-off of a buffer without a copy."""
    report.say(" 17  buffers allocated from the farm and handed over without a copy: "
               "the library has no such interface")


ROWS = {"14": (row_14, "memory"), "15": (row_15, "submit"), "16": (row_16, "bytes"),
        "17": (row_17, "buffers")}
