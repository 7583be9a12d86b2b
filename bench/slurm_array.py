"""Runs an array under a Slurm of its own, in namespaces of its own, and prints `{"rate": …}`: `slurm_array.py ROOT COUNT NOOP`.

Called by batch_peers through unshare, as the first process of a pid namespace whose end ends Slurm too. ROOT is an unpacked Slurm to be
entered by chroot; network and host name are those of the namespaces.
"""

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "slurmstepd")
ADDRESS = "10.77.0.1"
PORTS = "SlurmctldPort=26817\nSlurmdPort=26818\n"
CONFIG = """ClusterName=bench
SlurmctldHost=bench
SlurmUser=root
SlurmdUser=root
AuthType=auth/slurm
CredType=auth/slurm
CommunicationParameters=DisableIPv6
StateSaveLocation=/var/bench/state
SlurmdSpoolDir=/var/bench/spool
SlurmctldPidFile=/var/bench/ctld.pid
SlurmdPidFile=/var/bench/slurmd.pid
SlurmctldLogFile=/var/bench/ctld.log
SlurmdLogFile=/var/bench/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,sched_interval=1,default_queue_depth=1000
SlurmdParameters=config_overrides
ReturnToService=2
MaxArraySize=10001
MaxJobCount=20000
NodeName=bench CPUs=100 RealMemory=1000 State=UNKNOWN
PartitionName=all Nodes=bench Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


def prepare(root, noop):
    state = root / "var/bench"
    shutil.rmtree(state, ignore_errors=True)
    for folder in ("state", "spool"):
        (state / folder).mkdir(parents=True)
    for folder in ("proc", "dev", "sys", "tmp", "run"):
        (root / folder).mkdir(exist_ok=True)
    (root / "etc/slurm").mkdir(parents=True, exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n{ADDRESS} bench\n")
    (root / "etc/slurm/slurm.conf").write_text(CONFIG + PORTS)
    (root / "etc/slurm/cgroup.conf").write_text("CgroupPlugin=disabled\n")
    key = root / "etc/slurm/slurm.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    shutil.copy(noop, root / "noop")
    (root / "script").write_text("#!/noop\n")
    # Debian's alternatives; each asks its own name what it is.
    for name in PROGRAMS:
        if not (root / "usr/sbin" / name).exists():
            (root / "usr/sbin" / name).symlink_to(f"{name}-wlm")
    # Ours alone: the mount namespace is.
    for what, where, kind in (("proc", "proc", ["-t", "proc"]), ("/dev", "dev", ["--rbind"]), ("/sys", "sys", ["--rbind"])):
        subprocess.run(["mount", *kind, what, str(root / where)], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(root / "run")], check=True)
    socket.sethostname("bench")


def raise_loopback():
    """127.0.0.1, and an address beside it, without which the resolver names none to listen on (AI_ADDRCONFIG)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14s", b"lo", 0x1 | 0x40, b""))  # SIOCSIFFLAGS: UP, RUNNING
        address = struct.pack("HH4s8s", socket.AF_INET, 0, socket.inet_aton(ADDRESS), b"")
        fcntl.ioctl(control, 0x8916, struct.pack("16s16s8s", b"lo:1", address, b""))  # SIOCSIFADDR


def inside(root, *command):
    return subprocess.run(["chroot", str(root), *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def fail(root, what):
    words = [what]
    for name in ("ctld.log", "slurmd.log"):
        path = root / "var/bench" / name
        lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
        words += [f"{name}: {line}" for line in lines[-3:]]
    sys.exit("; ".join(words))


def wait(root, what, seconds, is_done):
    end = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > end:
            fail(root, f"{what}: not within {seconds} s")
        time.sleep(0.2)


def array(root, count):
    """Tasks per second, from the submit to an empty queue."""
    started = time.monotonic()
    result = inside(root, "/usr/bin/sbatch", f"--array=1-{count}", "--output=/dev/null", "-n1", "--mem=1", "/script")
    if result.returncode != 0:
        fail(root, f"sbatch: {result.stdout.strip()}")
    wait(root, "the array", 240, lambda: inside(root, "/usr/bin/squeue", "-h", "-t", "pending,running,configuring").stdout.strip() == "")
    return count / (time.monotonic() - started)


def main():
    root, count, noop = Path(sys.argv[1]).resolve(), int(sys.argv[2]), Path(sys.argv[3])
    prepare(root, noop)
    raise_loopback()
    os.environ.clear()
    os.environ.update({"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C"})
    for name in PROGRAMS[:2]:
        with open(root / f"var/bench/{name}.out", "wb") as out:
            subprocess.Popen(["chroot", str(root), f"/usr/sbin/{name}", "-D"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    wait(root, "the node", 30, lambda: "idle" in inside(root, "/usr/bin/sinfo", "-h", "-o", "%T").stdout)
    array(root, 8)
    print(json.dumps({"rate": array(root, count)}))


main()
