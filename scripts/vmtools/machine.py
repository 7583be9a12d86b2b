"""QEMU: starts a machine from the image, knows whether it lives, and ends it."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import debian
from vmtools import payload
from vmtools.channel import Channel, Closed, TimedOut

FOLDER = debian.BUILD / "vm"
BOOT_LIMIT = 120  # seconds; 7 to 60 are usual without acceleration
POWER_OFF_LIMIT = 20
MEMORY = int(os.environ.get("BERTH_VM_MEMORY", "3072"))  # MiB, half on each node
ACCELERATION = os.environ.get("BERTH_VM_ACCEL", "tcg")
INITS = {"busybox": "/bin/busybox", "systemd": "/usr/lib/systemd/systemd"}


class Machine:
    """One virtual machine. Its sockets lie in a short folder below /tmp, because a socket's path may have 107 bytes only."""

    def __init__(self, folder, pid):
        self.folder = Path(folder)
        self.pid = pid
        self.process = None
        self.run_socket = self.folder / "run"
        self.shell_socket = self.folder / "shell"
        self.console = self.folder / "console"
        # Not in /tmp, which may be in memory.
        self.disk = FOLDER / f"payload-{self.folder.name}.img"

    @classmethod
    def start(cls, image, tree, init="busybox", stay=False, arguments=""):
        """Makes the payload and starts QEMU. With `stay` the machine outlives this process, else it dies with it."""
        qemu = shutil.which("qemu-system-x86_64")
        if qemu is None:
            raise debian.Failure("start the virtual machine: qemu-system-x86_64 not found; run: make packages")
        machine = cls(tempfile.mkdtemp(prefix="berth-vm-"), None)
        remove_stale_disks()
        payload.build(tree, machine.disk)
        log = open(machine.folder / "qemu", "wb")
        machine.process = subprocess.Popen(
            [qemu, *machine.arguments(image, tree, init, arguments)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "TMPDIR": str(FOLDER)}, preexec_fn=None if stay else die_with_parent,
        )
        machine.pid = machine.process.pid
        return machine

    def arguments(self, image, tree, init, more):
        half = MEMORY // 2
        swift = payload.swift_libraries()
        words = ["console=ttyS0", "quiet", "oops=panic", "panic=-1", "apparmor=1", "security=apparmor", "mitigations=off"]
        words += ["systemd.unified_cgroup_hierarchy=1", f"berth.init={INITS[init]}", f"berth.tree={tree}"]
        words += [f"berth.swift={swift}"] if swift else []
        words += more.split()
        return [
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "q35", "-accel", ACCELERATION, "-cpu", "max",
            "-smp", "4,sockets=2,cores=2,threads=1", "-m", f"{MEMORY}M",
            "-object", f"memory-backend-ram,id=node0,size={half}M", "-object", f"memory-backend-ram,id=node1,size={half}M",
            "-numa", "node,nodeid=0,cpus=0-1,memdev=node0", "-numa", "node,nodeid=1,cpus=2-3,memdev=node1",
            "-numa", "dist,src=0,dst=1,val=20",
            "-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", " ".join(words),
            # What is written goes to a temporary file, so that each machine starts from the same state.
            "-drive", f"file={image.root},format=raw,if=virtio,snapshot=on,cache=unsafe",
            "-drive", f"file={self.disk},format=raw,if=virtio,snapshot=on,cache=unsafe",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=run,path={self.run_socket},server=on,wait=off", "-device", "virtserialport,chardev=run,name=berth.run",
            "-chardev", f"socket,id=shell,path={self.shell_socket},server=on,wait=off",
            "-device", "virtserialport,chardev=shell,name=berth.shell",
            "-serial", f"file:{self.console}",
        ]  # fmt: skip

    def wait_until_ready(self):
        """Waits for the agent and returns a channel to it."""
        end = time.monotonic() + BOOT_LIMIT
        while not self.run_socket.exists() or not self.shell_socket.exists():
            if not self.alive() or time.monotonic() > end:
                raise debian.Failure(f"start the virtual machine: {self.last_words('qemu')}")
            time.sleep(0.02)
        channel = Channel(self.run_socket)
        try:
            channel.hello(end - time.monotonic(), self.alive)
        except (Closed, TimedOut) as error:
            what = f"no answer within {BOOT_LIMIT} s" if isinstance(error, TimedOut) else "it ended"
            raise debian.Failure(f"boot the virtual machine: {what}; its console: {self.last_words('console')}") from error
        return channel

    def alive(self):
        if self.process is not None:
            return self.process.poll() is None
        try:
            return "qemu" in Path(f"/proc/{self.pid}/comm").read_text()
        except OSError:
            return False

    def stop(self, channel=None):
        """Powers off; a machine that does not follow is killed, and that is said."""
        try:
            (channel or Channel(self.run_socket)).send(b"P")
        except (OSError, Closed):
            pass
        if not self.wait_for_end(POWER_OFF_LIMIT):
            print(f"vm: pid {self.pid} did not power off within {POWER_OFF_LIMIT} s: killing it", file=sys.stderr)
            self.kill()
        self.remove()

    def kill(self):
        if self.alive():
            os.kill(self.pid, signal.SIGKILL)
            self.wait_for_end(5)

    def wait_for_end(self, limit):
        end = time.monotonic() + limit
        while self.alive():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def remove(self):
        """Keeps the last console for reading and removes the rest."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        if self.console.exists():
            shutil.copyfile(self.console, FOLDER / "console.log")
        self.disk.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def last_words(self, name):
        try:
            lines = (self.folder / name).read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return " / ".join(lines[-5:]) or "nothing was printed"

    def panicked(self):
        try:
            return "Kernel panic" in self.console.read_text(errors="replace")
        except OSError:
            return False

    def save(self):
        booted_file().parent.mkdir(parents=True, exist_ok=True)
        booted_file().write_text(json.dumps({"folder": str(self.folder), "pid": self.pid}))


def booted_file():
    return FOLDER / "booted.json"


def booted():
    """The machine that `scripts/vm boot` left running, or None."""
    try:
        saved = json.loads(booted_file().read_text())
    except (OSError, ValueError):
        return None
    machine = Machine(saved["folder"], saved["pid"])
    if machine.alive() and machine.run_socket.exists():
        return machine
    booted_file().unlink(missing_ok=True)
    machine.remove()
    return None


def remove_stale_disks():
    """Of machines whose caller was killed: their folder is gone, or nobody runs with it."""
    used = subprocess.run(["sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null"], stdout=subprocess.PIPE).stdout
    for disk in FOLDER.glob("payload-berth-vm-*.img"):
        folder = Path(tempfile.gettempdir()) / disk.stem.removeprefix("payload-")
        if str(disk).encode() in used or (folder.is_dir() and time.time() - folder.stat().st_mtime < 120):
            continue
        disk.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def die_with_parent():
    """PR_SET_PDEATHSIG: the machine must not outlive a caller that is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
