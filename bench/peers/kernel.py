# SPDX-License-Identifier: MIT
# kernel.py - the measured task for Python: the same machine code as in the C++ probes, called
# through ctypes; and the conversation with the harness, as in probe.hpp.
import ctypes
import json
import os
import sys
import time

library = ctypes.CDLL(os.environ["PROCFARM_BENCH_KERNEL"])
_work = library.bench_work
_work.restype = ctypes.c_uint64
_work.argtypes = [ctypes.c_uint64, ctypes.c_uint64]
_busy = library.bench_busy
_busy.restype = ctypes.c_uint64
_busy.argtypes = [ctypes.c_uint64]


def work(value, grain):
    return _work(value, grain)


def work_pair(pair):
    return _work(*pair)


def glance(block):
    """What the C++ probes look at: a byte of each page."""
    return len(block), sum(block[::4096])


def expected_sum(count, grain):
    return count * (count - 1) // 2 + count * _busy(grain)


def check(right, what):
    if not right:
        raise RuntimeError("wrong results: " + what)


def timed(count, grain, run):
    """`run` returns the sum of all results."""
    start = time.perf_counter()
    total = run()
    seconds = time.perf_counter() - start
    check(total == expected_sum(count, grain), "tasks")
    return {"seconds": seconds, "count": count}


def transfers(request, send):
    """`send(block)` returns what glance() saw at the other end."""
    block = bytearray(os.urandom(4096) * (request["size"] // 4096))
    seconds = []
    for i in range(request["count"]):
        block[0] = i
        sent = bytes(block)
        wanted = glance(sent)
        start = time.perf_counter()
        seen = send(sent)
        seconds.append(time.perf_counter() - start)
        check(seen == wanted, "large argument")
    return {"seconds": sorted(seconds)[len(seconds) // 2], "bytes": len(block), "count": 1}


def serve(answers):
    out = os.fdopen(os.dup(1), "w")  # what a library prints on standard output is no answer
    os.dup2(2, 1)
    for line in sys.stdin:
        name, *words = line.split()
        request = dict(word.split("=", 1) for word in words)
        request = {key: int(value) if value.lstrip("-").isdigit() else value
                   for key, value in request.items()}
        try:
            reply = answers[name](request)
        except Exception as error:  # told to the harness, which gives up on this peer
            reply = {"error": repr(error)}
        print(json.dumps(reply), file=out, flush=True)
