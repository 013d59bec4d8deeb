# SPDX-License-Identifier: MIT
# probes.py - starts the programs that are measured and talks with them: one line asks, one line of
# JSON answers. A peer that cannot run is told once and left out of the tables.
import json
import os
import shutil
import signal
import subprocess
import tempfile

from . import measure

PYTHON = "/usr/bin/python3"  # the one that Debian's packages belong to
UNBATCHED = "PROCFARM_TASKS_PER_MESSAGE"


class Failed(Exception):
    pass


class Probe:
    def __init__(self, arguments, environment, directory):
        self.log = open(os.path.join(directory, "stderr"), "ab")
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, env=environment, cwd=directory, text=True)

    def ask(self, request, **values):
        """The reply, with the CPU time that the probe's processes took."""
        words = [request] + [f"{key}={value}" for key, value in values.items()]
        before = measure.cpu_seconds(self.process.pid)
        try:
            self.process.stdin.write(" ".join(words) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed("it ended")
        reply = json.loads(line)
        if "error" in reply:
            raise Failed(reply["error"])
        reply.setdefault("cpu", measure.cpu_seconds(self.process.pid) - before)
        return reply

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            for pid in measure.tree_of(self.process.pid):
                os.kill(pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


class Bench:
    """What all rows share: where the programs are, how long to measure, the probes that run."""

    def __init__(self, root, build, quick, pictures=None):
        self.root, self.build, self.quick, self.pictures = root, build, quick, pictures
        self.directory = tempfile.mkdtemp(prefix="procfarm-bench-")
        self.kernel_path = os.path.join(build, "bench", "libbench_kernel.so")
        self.environment = dict(os.environ, PROCFARM_BENCH_KERNEL=self.kernel_path,
                                PYTHONPATH=os.path.join(root, "bench", "peers"),
                                OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                                OMPI_MCA_rmaps_base_oversubscribe="1",
                                DASK_DISTRIBUTED__ADMIN__TICK__LIMIT="1h")
        self.tool = os.path.join(build, "procfarm")
        self.peak = None
        self.running = {}
        self.missing = {}
        self.kernel = measure.ctypes.CDLL(self.kernel_path)
        self.kernel.bench_busy.argtypes = [measure.ctypes.c_uint64]
        self.kernel.bench_busy.restype = measure.ctypes.c_uint64
        self.kernel.bench_two_lanes.argtypes = [measure.ctypes.c_uint64]
        self.kernel.bench_two_lanes.restype = measure.ctypes.c_double

    def rounds(self, full=11, quick=5):
        return quick if self.quick else full

    def sized(self, full, quick):
        return quick if self.quick else full

    def program(self, name):
        return os.path.join(self.build, "bench", "probe_" + name)

    def probe(self, name):
        """A C++ probe by its name; `NAME unbatched`: each task in a message of its own;
        `python:FILE ARGUMENT`; `mpi`."""
        if name not in self.running:
            environment = self.environment
            if name.startswith("python:"):
                file, *rest = name[7:].split()
                arguments = [PYTHON, os.path.join(self.root, "bench", "peers", file + ".py"), *rest]
                if rest == ["mpi"]:
                    arguments = ["mpiexec", "-n", "3", PYTHON, "-m", "mpi4py.futures"] + arguments[1:]
            else:
                name_of_program, *how = name.split()
                arguments = [self.program(name_of_program)]
                if how:
                    environment = dict(environment, **{UNBATCHED: "1"})
            self.running[name] = Probe(arguments, environment, self.directory)
        return self.running[name]

    def asking(self, name, request, **values):
        return lambda: self.probe(name).ask(request, **values)

    def has(self, name, request, **values):
        """Whether this peer answers; what is missing is told at the end."""
        if name in self.missing:
            return False
        try:
            self.probe(name).ask(request, **values)
            return True
        except (Failed, OSError) as error:
            self.missing[name] = str(error)
            return False

    def stop(self, name):
        if name in self.running:
            self.running.pop(name).close()

    def calibrate(self):
        """Seconds of a fixed loop on this core: the least of three, so that only the core's speed
        is seen."""
        best = float("inf")
        for _ in range(3):
            start = measure.time.perf_counter()
            self.kernel.bench_busy(500_000)
            best = min(best, measure.time.perf_counter() - start)
        return best

    def steps_per_second(self):
        """The calibrated peak: kernel steps per second of one lane while two work, once per run."""
        if self.peak is None:
            self.peak = self.steps_per_second_now(20_000_000, 7)
        return self.peak

    def steps_per_second_now(self, steps=10_000_000, times=3):
        self.kernel.bench_two_lanes(steps)
        taken = [self.kernel.bench_two_lanes(steps) for _ in range(times)]
        return steps / measure.median(taken)

    def picture(self, name):
        return os.path.join(self.pictures, name)

    @staticmethod
    def spread(values):
        return measure.Spread(values)

    def compare(self, contenders, rounds=None, warm_up=True, seconds=90):
        rounds = rounds or self.rounds()
        return measure.take_rounds(contenders, rounds, self.calibrate, warm_up,
                                   rounds // 2 if self.quick else rounds,
                                   self.sized(seconds, 6))

    def close(self):
        for name in list(self.running):
            self.stop(name)
        shutil.rmtree(self.directory, ignore_errors=True)
