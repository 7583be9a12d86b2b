"""Figures that Berth has for itself, each with its definition, its gate and, where there is one, what it is held against."""

import os
import subprocess
import time
from pathlib import Path

import berth_client
import debian
from rows import Gate, row

LIMITS = {"cpuMillis": 500, "memory": 64 << 20, "pids": 64, "scratch": 1 << 20, "scratchKind": "memory"}


def spec(image, *command, array=None, hold=False, **limits):
    found = {"image": image, "command": list(command), "resources": {**LIMITS, **limits}}
    if array:
        found["array"] = {"indices": f"0-{array - 1}"}
    if hold:
        found["hold"] = True
    return {"spec": found}


def submit(requests, *specs):
    return [job["id"] for job in requests.request("POST", "/v1/jobs", {"jobs": list(specs)})["jobs"]]


def cancel(requests, ids):
    requests.request("POST", "/v1/tasks/cancel", {"selection": {"ids": [str(job) for job in ids]}, "grace": 0})


def boot_ns():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def log_text(requests, job, seconds=30):
    """The log once it has a line."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = requests.fetch(f"/v1/jobs/{job}/log")
        if found.endswith(b"\n"):
            return found.decode()
        time.sleep(0.02)
    raise debian.Failure(f"job {job}: no line in its log within {seconds} s")


# MARK: start


def first_instruction(daemon, requests, events, count=40):
    """Submit → the job's first instruction, on a daemon that has been idle for 100 ms."""
    times = []
    for _ in range(count):
        time.sleep(0.1)
        started = boot_ns()
        job = submit(requests, spec("noop", "/first"))[0]
        berth_client.wait_for(events, [job])
        times.append((int(log_text(requests, job)) - started) / 1e6)
    gate = Gate("<=", 8, "value")
    what = "POST /v1/jobs on a warm connection to the boot clock that the job reads as its first instruction; idle for 100 ms before each"
    return [row("submit to first instruction, idle", "ms", times, gate=gate, definition=what)]


def command(daemon, requests, events, release, out, measured):
    """`berth submit`: one on an idle daemon, and a hundred at once."""
    words = [release / "berth", "submit", "--quiet", "--socket", daemon.socket, "--image", "noop", "--no-cwd", "--cpu", "0.5"]
    words += ["--memory", "64M", "--pids", "64", "--scratch", "1M", "--scratch-kind", "memory"]
    times, rates = [], []
    for _ in range(40):
        time.sleep(0.1)
        times.append(measured([out / "command", 1, 1, *words, "--", "/noop"])["median_ms"])
    for _ in range(10):
        time.sleep(0.5)
        rates.append(measured([out / "command", 100, 100, *words, "--hold", "--", "/noop"])["rate"])
    requests.request("POST", "/v1/tasks/cancel", {"selection": {"states": ["pending"]}})
    one = "spawn of `berth submit` to the id on its standard output; the job starts meanwhile; idle for 100 ms before each"
    many = "a hundred `berth submit --hold` spawned at once: commands a second, from the first spawn to the last one's end"
    return [
        row("berth submit, start to id", "ms", times, gate=Gate("<=", 10, "value"), definition=one),
        row("berth submit, 100 at once", "/s", rates, gate=Gate(">=", 500, "value"), definition=many),
    ]


# MARK: pause


def freezing_group(pid):
    """The directory of the job's group on the side that freezes: v2's, else v1's freezer."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            for mount in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
                if (group := Path(mount + path) / "job").joinpath("cgroup.freeze").exists():
                    return group
        if "freezer" in controllers.split(",") and (group := Path("/sys/fs/cgroup/freezer" + path) / "job").exists():
            return group
    raise debian.Failure(f"find the freezing group of process {pid}: neither v2 nor v1's freezer holds it")


def freeze_by_hand(group, wanted):
    """Milliseconds from the write to the kernel's word that all are frozen (or none is)."""
    if (group / "cgroup.freeze").exists():
        file, word, state, answer = group / "cgroup.freeze", str(int(wanted)), group / "cgroup.events", f"frozen {int(wanted)}"
    else:
        file = state = group / "freezer.state"
        word = answer = "FROZEN" if wanted else "THAWED"
    started = time.perf_counter()
    file.write_text(word)
    while answer not in state.read_text():
        if time.perf_counter() - started > 30:
            raise debian.Failure(f"write {word} to {file}: no {answer} in {state} within 30 s")
    return (time.perf_counter() - started) * 1e3


def pause(daemon, requests, events, count=1000, rounds=20):
    """Pause of a job with 1,000 processes, beside writing the freezer of the same processes by hand."""
    job = submit(requests, spec("noop", "/first", str(count), pids=count + 8, memory=512 << 20))[0]
    log_text(requests, job)
    selection = {"selection": {"ids": [str(job)]}}
    pid = requests.request("GET", f"/v1/jobs/{job}")["attempts"][-1]["pid"]
    group = freezing_group(pid)
    ours, by_hand = [], []
    for _ in range(rounds):
        by_hand.append(freeze_by_hand(group, True))
        freeze_by_hand(group, False)
        time.sleep(0.05)
        started = time.perf_counter()
        requests.request("POST", "/v1/tasks/pause", selection)
        ours.append((time.perf_counter() - started) * 1e3)
        requests.request("POST", "/v1/tasks/resume", selection)
        # Until the cores are assigned and the processes run again.
        end = time.monotonic() + 10
        while requests.request("GET", f"/v1/jobs/{job}")["attempts"][-1]["state"] != "running" and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.05)
    cancel(requests, [job])
    berth_client.wait_for(events, [job], "cancelled")
    what = (
        "POST /v1/tasks/pause to its reply, which comes when all processes are frozen and both decisions are on disk; "
        "by hand: the write to the same group's freezer to the kernel's word"
    )
    return [row(f"pause of {count:,} processes", "ms", ours, "by hand", by_hand, Gate("<=", 1.5), what)]


# MARK: memory


def pss(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def overhead(daemon):
    """PSS in KB of berthd, its launcher, PID 1s and spares: all below berthd but the jobs' own processes."""
    children, total = {}, 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    ahead = [daemon.process.pid]
    while ahead:
        pid = ahead.pop()
        ahead += children.get(pid, [])
        try:
            if os.readlink(f"/proc/{pid}/exe").rsplit("/", 1)[-1] in ("berthd", "berth-init"):
                total += pss(pid)
        except OSError:
            continue
    return total


def memory(daemon, requests, events, count=40):
    """PSS per running job beyond its own processes."""
    for _ in range(10):
        berth_client.one_task(requests, events, "noop")
    time.sleep(1)
    before = overhead(daemon)
    machine = os.cpu_count() * 1000
    jobs = submit(requests, *[spec("noop", "/first", "pause", cpuMillis=machine // count, memory=8 << 20) for _ in range(count)])
    for job in jobs:
        log_text(requests, job)
    time.sleep(1)
    each = (overhead(daemon) - before) / count
    cancel(requests, jobs)
    berth_client.wait_for(events, jobs, "cancelled")
    what = f"PSS of berthd, launcher and all PID 1s with {count} sleeping jobs, less the same without, by job; the jobs' own processes not counted"
    return [row("PSS per running job", "KB", [each], gate=Gate("<=", 150, "value"), definition=what)]


# MARK: the queue


def queue(daemon, requests, events, rounds=2, depths=(1_000, 100_000, 1_000_000), window=400):
    """berthd with 1,000,000 queued tasks, and the rate of completions as the queue grows."""
    rates = {depth: [] for depth in depths}
    size = 0
    for _ in range(rounds):
        for depth in depths:
            jobs = []
            for _ in range(max(1, depth // 100_000)):
                jobs += submit(requests, *[spec("noop", "/noop", array=1000, hold=True) for _ in range(min(100, depth // 1000))])
            if depth == max(depths) and not size:
                time.sleep(2)
                size = pss(daemon.process.pid) / 1024
            ids = {"selection": {"ids": [f"{jobs[0]}-{jobs[-1]}"]}}
            requests.request("POST", "/v1/tasks/release", ids)
            berth_client.count_ends(events, 50)
            started = time.perf_counter()
            berth_client.count_ends(events, window)
            rates[depth].append(window / (time.perf_counter() - started))
            requests.request("POST", "/v1/tasks/cancel", {**ids, "grace": 0})
            while requests.request("GET", "/v1/jobs?states=pending,active&limit=1")["jobs"]:
                time.sleep(0.1)
            events.drain()
            time.sleep(1)
    what = "no-op tasks completed a second while so many more are queued, as arrays of 1,000; 400 of them, from the 50th on"
    made = [
        row("berthd, 1,000,000 queued", "MB", [size], gate=Gate("<=", 60, "value"), definition="PSS of berthd with 1,000 arrays of 1,000 held tasks")
    ]
    for depth in depths:
        gate = Gate(">=", 0.5) if depth == max(depths) else None
        peer = "" if depth == min(depths) else f"{min(depths):,} queued"
        made.append(row(f"dispatch, {depth:,} queued", "tasks/s", rates[depth], peer, rates[min(depths)] if peer else (), gate, what))
    return made
