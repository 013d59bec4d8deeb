# SPDX-License-Identifier: MIT
# measure.py - samples taken in turn, on a machine that others may disturb: the clock is the
# probe's own; here are the rounds with a rotating leader, the rule by which a round is dropped,
# and the medians of ratios within rounds.
import ctypes
import os
import time

# The drop rule. A round does not count if in its time
MOST_STEAL = 0.01  # more of the machine than this went to other guests of the host, or
MOST_FOREIGN = 0.10  # more of it to processes that are not ours (with the grain of the counters:
FOREIGN_GRAIN = 0.02  # so many seconds more), or
MOST_DRIFT = 0.05  # a fixed loop took so much longer or less after it than before.
# Rounds that were dropped are repeated, at most as many as were wanted (half of them when quick).

TICK = 1 / os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))


def become_subreaper():
    """What a probe leaves behind stays below us, so that its CPU time is counted as ours."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def machine_times():
    """(busy, stolen) seconds of all cores since boot."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    user, nice, system, _, _, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq) * TICK, steal * TICK


def children_of(pid):
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def tree_of(pid):
    found, todo = [], [pid]
    while todo:
        each = todo.pop()
        found.append(each)
        todo += children_of(each)
    return found


def cpu_seconds(pid):
    """Of the process, all below it, and all that these have waited for."""
    total = 0
    for each in tree_of(pid):
        try:
            with open(f"/proc/{each}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            total += sum(int(field) for field in fields[11:15])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total * TICK


def median(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


class Spread:
    """A median with minimum and maximum."""

    def __init__(self, values):
        self.median, self.least, self.most = median(values), min(values), max(values)

    def scaled(self, factor):
        return Spread([self.least * factor, self.median * factor, self.most * factor])

    def inverted(self):
        return Spread([1 / self.most, 1 / self.median, 1 / self.least])


class Noise:
    """Watches one round; `reason()` is why it must be dropped, or None."""

    def __init__(self, calibrate):
        self.calibrate = calibrate
        self.before = calibrate()
        self.start = time.monotonic()
        self.busy, self.steal = machine_times()
        self.own = cpu_seconds(os.getpid())

    def reason(self):
        capacity = (time.monotonic() - self.start) * CORES
        busy, steal = machine_times()
        own = cpu_seconds(os.getpid()) - self.own
        drift = self.calibrate() / self.before
        if steal - self.steal > MOST_STEAL * capacity + TICK:
            return "steal"
        if busy - self.busy - own > MOST_FOREIGN * capacity + FOREIGN_GRAIN:
            return "load"
        if not 1 - MOST_DRIFT <= drift <= 1 + MOST_DRIFT:
            return "clock"
        return None


class Rounds:
    """The samples of all contenders, a list each, in the order of the rounds that count."""

    def __init__(self, names):
        self.samples = {name: [] for name in names}
        self.dropped = {}
        self.cut = None  # what is missing for want of time
        self.noisy = False  # too many were dropped: those that count were disturbed as well

    def values(self, name, key="cost"):
        return [sample[key] for sample in self.samples[name]]

    def spread(self, name, key="cost"):
        return Spread(self.values(name, key))

    def ratio(self, of, to, key="cost"):
        """How many times `of` is `to`, round by round."""
        return Spread([a / b for a, b in zip(self.values(of, key), self.values(to, key))])

    def ratio_of_keys(self, name, of, to):
        """The same between two figures of one contender."""
        return Spread([sample[of] / sample[to] for sample in self.samples[name]])

    def remark(self):
        told = ", ".join(f"{count} by {why}" for why, count in sorted(self.dropped.items()))
        words = [f"dropped {told}"] if told else []
        words += [self.cut] if self.cut else []
        return "; ".join(words + (["disturbed: dropped rounds are counted"] if self.noisy else []))


LEAST_ROUNDS = 2  # however slow they are


def take_rounds(contenders, rounds, calibrate, warm_up, most_dropped, most_seconds):
    """contenders: {name: function that returns a reply with seconds and count}. After so many
    seconds there are no further rounds, and the remark says how many there were."""
    end = time.monotonic() + most_seconds
    names = list(contenders)
    result = Rounds(names)
    if warm_up:
        for name in names:
            contenders[name]()
    kept = 0
    turn = 0
    while kept < rounds:
        if kept >= LEAST_ROUNDS and time.monotonic() > end:
            result.cut = f"{kept} of {rounds} rounds for want of time"
            break
        order = names[turn % len(names):] + names[:turn % len(names)]
        turn += 1
        noise = Noise(calibrate)
        taken = {name: sampled(contenders[name]) for name in order}
        why = noise.reason()
        if why and sum(result.dropped.values()) < most_dropped:
            result.dropped[why] = result.dropped.get(why, 0) + 1
            continue
        if why:  # the machine does not come to rest
            result.noisy = True
        kept += 1
        for name in names:
            result.samples[name].append(taken[name])
    return result


def sampled(take):
    sample = dict(take())
    sample.setdefault("cost", sample["seconds"] / sample["count"])
    sample["rate"] = 1 / sample["cost"]
    return sample
