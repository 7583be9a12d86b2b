"""Batch systems that start bare processes: how many no-ops a second each completes, from the submit of an array to its last end."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import debian

HERE = Path(__file__).resolve().parent
FOLDER = debian.BUILD / "peers"

HYPERQUEUE = """
import sys, time
from pathlib import Path
from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig
count, noop, first, out = int(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
with LocalCluster() as cluster:
    cluster.start_worker(WorkerConfig(cores=4))
    client = cluster.client()
    for number in (20, count):
        job = Job(max_fails=1)
        for _ in range(number - 1):
            job.program([noop], stdout=None, stderr=None)
        # It is looked at once a second only, so the last task tells when it ran.
        job.program([first], stdout=str(out), stderr=None)
        started = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        client.wait_for_jobs([client.submit(job)])
    print(number / ((int(out.read_text()) - started) / 1e9))
"""


def run(name, command, seconds=300, **options):
    try:
        result = subprocess.run(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=seconds, **options
        )
    except subprocess.TimeoutExpired:
        raise debian.Failure(f"{name}: no end within {seconds} s") from None
    if result.returncode != 0:
        raise debian.Failure(f"{name}: status {result.returncode}: {(result.stderr.strip().splitlines() or ['no output'])[-1]}")
    return result.stdout


def hyperqueue(count, noop, first):
    with tempfile.TemporaryDirectory(prefix="berth-bench-hq-") as folder:
        environment = {**os.environ, "PYTHONPATH": str(FOLDER / "hyperqueue"), "HOME": folder}
        words = [sys.executable, "-c", HYPERQUEUE, count, noop, first, f"{folder}/last"]
        return float(run("hyperqueue", words, env=environment, cwd=folder).split()[-1])


def task_spooler(count, noop, first):
    """Four slots, four submitters at a time, as xargs and Berth have."""
    program = FOLDER / "task-spooler"
    with tempfile.TemporaryDirectory(prefix="berth-bench-ts-") as folder:
        environment = {**os.environ, "TS_SOCKET": f"{folder}/socket", "TMPDIR": folder, "TS_MAXFINISHED": "10"}
        run("task-spooler", [program, "-S", "4"], env=environment)
        try:
            numbers = "\n".join(str(number) for number in range(count))
            started = time.monotonic()
            run("task-spooler", ["xargs", "-P4", "-I{}", program, "-n", noop], env=environment, input=numbers)
            run("task-spooler", [program, "-w"], env=environment)
            while any(" running " in line or " queued " in line for line in run("task-spooler", [program], env=environment).splitlines()[1:]):
                time.sleep(0.01)
            return count / (time.monotonic() - started)
        finally:
            run("task-spooler", [program, "-K"], env=environment)


def slurm(count, noop, first):
    words = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--uts", "--net", "--ipc"]
    words += ["/usr/bin/python3", "-B", HERE / "slurm_array.py", FOLDER / "slurm.root", count, noop]
    return json.loads(run("slurm", words))["rate"]


# With the number of tasks: enough for some seconds.
ALL = {"hyperqueue": (hyperqueue, 4000), "task-spooler": (task_spooler, 2000), "slurm": (slurm, 300)}


def rate(name, noop, first):
    """Tasks a second of one array, and None; or None and why it cannot be told."""
    missing = FOLDER / f"{name}.missing"
    if not (FOLDER / f"{name}.version").exists():
        return None, missing.read_text().strip() if missing.exists() else "bench/peers has not fetched it"
    function, count = ALL[name]
    try:
        return function(count, noop, first), None
    except (debian.Failure, OSError) as failure:
        return None, str(failure)
