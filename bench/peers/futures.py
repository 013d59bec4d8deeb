# SPDX-License-Identifier: MIT
# futures.py KIND - Python's pools of two processes with one future for each task: `ppe`
# (concurrent.futures), `loky` (as joblib brings it), `pebble`, `mpi` (mpi4py.futures, run under
# mpiexec -n 3) and `dask` (a LocalCluster). They share one interface, so they share one probe.
import os
import sys
import tempfile
import time
import warnings

from kernel import expected_sum, check, glance, serve, timed, transfers, work

LANES = 2


def make(kind):
    if kind == "ppe":
        from concurrent.futures import ProcessPoolExecutor
        return ProcessPoolExecutor(LANES)
    if kind == "loky":
        from joblib.externals.loky import ProcessPoolExecutor
        return ProcessPoolExecutor(LANES)
    if kind == "pebble":
        from pebble import ProcessPool
        return Pebble(ProcessPool(LANES))
    if kind == "mpi":
        from mpi4py.futures import MPIPoolExecutor
        return MPIPoolExecutor(LANES)
    if kind == "dask":
        from dask.distributed import Client, LocalCluster
        warnings.filterwarnings("ignore")
        return Dask(Client(LocalCluster(LANES, threads_per_worker=1, dashboard_address=None,
                                        silence_logs=50)))
    raise SystemExit("unknown pool: " + kind)


class Pebble:
    def __init__(self, pool):
        self.pool = pool

    def submit(self, function, *arguments):
        return self.pool.schedule(function, args=arguments)

    def shutdown(self):
        self.pool.stop()
        self.pool.join()


class Dask:
    def __init__(self, client):
        self.client = client

    def submit(self, function, *arguments):
        return self.client.submit(function, *arguments, pure=False)

    def shutdown(self):
        self.client.close()


def tasks(pool, request):
    count, grain = request["count"], request.get("grain", 0)

    def run():
        futures = [pool.submit(work, i, grain) for i in range(count)]
        return sum(future.result() for future in futures)

    return timed(count, grain, run)


def rtt(pool, request):
    pause = request.get("pause", 0) / 1e6
    seconds = []
    for i in range(request["count"]):
        time.sleep(pause)
        start = time.perf_counter()
        check(pool.submit(work, i, 0).result() == i + expected_sum(1, 0), "one at a time")
        seconds.append(time.perf_counter() - start)
    return {"seconds": sorted(seconds)[len(seconds) // 2], "count": 1}


def large(pool, request):
    return transfers(request, lambda block: pool.submit(glance, block).result())


def wait_for(path):
    with open(path, "rb"):
        return 0


def proportional_memory():
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))


def queue(pool, request):
    """Memory per queued task, between two depths; the workers are held by a pipe meanwhile."""
    with tempfile.TemporaryDirectory() as directory:
        gate = os.path.join(directory, "gate")
        os.mkfifo(gate)
        held = [pool.submit(wait_for, gate) for _ in range(LANES)]
        least, most = request["least"], request["most"]
        futures = [pool.submit(work, i, 0) for i in range(least)]
        before = proportional_memory()
        futures += [pool.submit(work, i, 0) for i in range(least, most)]
        after = proportional_memory()
        with open(gate, "wb"):
            check(not any(each.result() for each in held), "gate")
        check(sum(each.result() for each in futures) == expected_sum(most, 0), "queue")
    return {"bytes": (after - before) / (most - least), "seconds": 1, "count": 1}


def first(kind):
    start = time.perf_counter()
    pool = make(kind)
    check(pool.submit(work, 5, 0).result() == 5 + expected_sum(1, 0), "first result")
    seconds = time.perf_counter() - start
    pool.shutdown()
    return {"seconds": seconds, "count": 1}


def main():
    kind = sys.argv[1]
    pools = []

    def pool():
        if not pools:
            pools.append(make(kind))
        return pools[0]

    serve({
        "tasks": lambda request: tasks(pool(), request),
        "rtt": lambda request: rtt(pool(), request),
        "bytes": lambda request: large(pool(), request),
        "queue": lambda request: queue(pool(), request),
        "first": lambda request: first(kind),
    })
    for each in pools:
        each.shutdown()


if __name__ == "__main__":
    main()
