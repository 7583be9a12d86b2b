"""A berthd of its own for measuring: private state, sockets and groups; nothing of it is left afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

import debian


def memory_folder():
    """Where run directories belong: /run, which is a tmpfs wherever there is an init system, else the other tmpfs that every machine has."""
    found = subprocess.run(["stat", "-f", "-c", "%T", "/run"], stdout=subprocess.PIPE, text=True, check=True)
    return "/run" if found.stdout.strip() == "tmpfs" else "/dev/shm"


class Daemon:
    """Starts the release build on a private folder; use with `with`."""

    def __init__(self, release):
        self.release = release
        # On a real disk: commits have to cost what they cost a user.
        self.folder = Path(tempfile.mkdtemp(prefix="berth-bench-", dir="/var/tmp"))
        self.run_folder = Path(tempfile.mkdtemp(prefix="berth-bench-", dir=memory_folder()))
        # A top directory for ext4 (chattr(1), +T), so that what is below lies in a block group that its name chooses: without a journal ext4
        # looks, for each new file, at all that were deleted in its group in the last minutes, and an earlier run deleted thousands of logs.
        subprocess.run(["chattr", "+T", self.folder], stderr=subprocess.DEVNULL)
        self.state = self.folder / self.folder.name
        self.folder.chmod(0o755)
        self.run_folder.chmod(0o755)
        self.socket = self.run_folder / "berthd.sock"

    def __enter__(self):
        config = self.folder / "berthd.yaml"
        config.write_text(
            f"state_directory: {self.state}\nrun_directory: {self.run_folder}\nsocket: {self.socket}\n"
            f"image_directory: {self.folder}/images\nprogram_directory: {self.release}\nlog_level: warning\n"
        )
        self.log = open(self.folder / "log", "wb")
        self.start()
        return self

    def start(self):
        self.process = subprocess.Popen(
            [str(self.release / "berthd"), "--config", str(self.folder / "berthd.yaml")],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )  # fmt: skip
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise

    def restart(self, change):
        """Changes the state while nobody uses it."""
        self.stop()
        change()
        self.start()

    def wait_until_ready(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(self.socket))
                return
            except OSError:
                time.sleep(0.02)
        raise debian.Failure(f"start berthd: {self.last_words()}")

    def last_words(self):
        lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or "no answer within 30 s"

    def import_image(self, *programs, name="noop"):
        """Imports a root that holds nothing but the given programs, as a person would."""
        archive = self.folder / "noop.tar"
        with tarfile.open(archive, "w") as tar:
            for folder in ("proc", "sys", "dev", "etc", "tmp"):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
            for program in programs:
                entry = tar.gettarinfo(str(program), program.name)
                entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o755, 0, 0, "", ""
                with open(program, "rb") as file:
                    tar.addfile(entry, file)
        debian.run([self.release / "berth", "image", "import", archive, name], env={**os.environ, "BERTH_SOCKET": str(self.socket)})
        return name

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                print(f"bench: berthd, pid {self.process.pid}, did not end within 30 s: killing it")
                self.process.kill()
                self.process.wait()

    def __exit__(self, *_):
        self.stop()
        self.log.close()
        for folder in (self.folder, self.run_folder):
            shutil.rmtree(folder, ignore_errors=True)
