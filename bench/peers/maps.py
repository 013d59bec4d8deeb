# SPDX-License-Identifier: MIT
# maps.py - Python's ways to map a function over many items in two processes: multiprocessing's
# Pool.map with its own choice of chunks, joblib with its own choice of batches, and
# ProcessPoolExecutor.map with the chunk that suits it best.
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from joblib import Parallel, delayed

from kernel import glance, serve, timed, transfers, work, work_pair

LANES = 2


def main():
    pools = {}

    def once(name, make):
        if name not in pools:
            pools[name] = make()
        return pools[name]

    def pool():
        return once("pool", lambda: multiprocessing.Pool(LANES))

    def pool_map(request):
        count, grain = request["count"], request.get("grain", 0)
        pairs = [(i, grain) for i in range(count)]
        chunk = request.get("chunk", 0) or None
        return timed(count, grain, lambda: sum(pool().map(work_pair, pairs, chunk)))

    def joblib_map(request):
        count, grain = request["count"], request.get("grain", 0)
        parallel = once("joblib", lambda: Parallel(n_jobs=LANES).__enter__())
        return timed(count, grain,
                     lambda: sum(parallel(delayed(work)(i, grain) for i in range(count))))

    def ppe_map(request):
        count, grain = request["count"], request.get("grain", 0)
        executor = once("ppe", lambda: ProcessPoolExecutor(LANES))
        grains = [grain] * count
        return timed(count, grain, lambda: sum(
            executor.map(work, range(count), grains, chunksize=request.get("chunk", 1000))))

    serve({
        "pool": pool_map,
        "joblib": joblib_map,
        "ppe": ppe_map,
        "bytes": lambda request: transfers(request,
                                           lambda block: pool().apply(glance, (block,))),
    })
    for name, each in pools.items():
        if name == "pool":
            each.terminate()
        elif name == "ppe":
            each.shutdown()


if __name__ == "__main__":
    main()
