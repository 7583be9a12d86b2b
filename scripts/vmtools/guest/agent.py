"""The agent inside the virtual machine: runs commands that arrive over a virtio port and streams their output back.

    frame: type (1 byte), length (4 bytes, big endian), payload
    host to guest:  H hello   X execute (JSON: argv, env, cwd, tty, rows, columns)   I input   E end of input
                    W window size (JSON)   K signal for the command's process group (JSON)   P power off
    guest to host:  H hello (JSON: uptime)   O standard output   R standard error   Q status (JSON; 128 + n for signal n)

One command at a time on each port; a host that goes away ends the command.
"""

import errno
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
import traceback

PORTS = ["berth.run", "berth.shell"]
DEFAULT_ENVIRONMENT = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "LOGNAME": "root",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "BERTH_VM": "1",
}


def find_port(name):
    """The device of the virtio port with that name."""
    base = "/sys/class/virtio-ports"
    while True:
        for entry in os.listdir(base) if os.path.isdir(base) else []:
            with open(f"{base}/{entry}/name") as file:
                if file.read().strip() == name:
                    return f"/dev/{entry}"
        time.sleep(0.1)


class Port:
    """One virtio port: frames in, frames out, and the command that runs for it."""

    def __init__(self, name, directory):
        self.directory = directory
        self.descriptor = os.open(find_port(name), os.O_RDWR)
        self.buffer = b""
        self.command = None
        self.outputs = {}
        self.input = None
        self.pending = b""
        self.ending = None

    def serve(self):
        """Runs for ever; what was not foreseen ends the agent, which is then started anew."""
        while True:
            try:
                self.step()
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EIO, errno.EPIPE):
                    traceback.print_exc()
                    os._exit(1)
            except Exception:
                traceback.print_exc()
                os._exit(1)

    def step(self):
        interest = {self.descriptor: select.POLLIN, **dict.fromkeys(self.outputs, select.POLLIN)}
        if self.input is not None and self.pending:
            # A terminal's master is input and output at once.
            interest[self.input] = interest.get(self.input, 0) | select.POLLOUT
        poll = select.poll()
        for descriptor, events in interest.items():
            poll.register(descriptor, events)
        for descriptor, event in poll.poll(50 if self.command else 500):
            if descriptor == self.descriptor:
                self.host_event(event)
                continue
            if event & (select.POLLOUT | select.POLLERR) and descriptor == self.input:
                self.feed()
            if event & ~select.POLLOUT and descriptor in self.outputs:
                self.relay(descriptor)
        self.check_end()

    def host_event(self, event):
        data = b""
        if event & select.POLLIN:
            data = os.read(self.descriptor, 65536)
        if not data:  # nobody is connected outside
            if self.command:
                self.kill(signal.SIGKILL)
            self.buffer = b""
            time.sleep(0.05)
            return
        self.buffer += data
        while len(self.buffer) >= 5:
            kind, length = self.buffer[:1], struct.unpack(">I", self.buffer[1:5])[0]
            if len(self.buffer) < 5 + length:
                break
            payload, self.buffer = self.buffer[5 : 5 + length], self.buffer[5 + length :]
            self.handle(kind, payload)

    def handle(self, kind, payload):
        if kind == b"H":
            self.send(b"H", json.dumps({"uptime": time.clock_gettime(time.CLOCK_BOOTTIME)}).encode())
        elif kind == b"X":
            self.execute(json.loads(payload))
        elif kind == b"I":
            self.pending += payload
        elif kind == b"E" and self.input is not None and not self.tty:
            self.end_of_input = True
            self.feed()
        elif kind == b"W" and self.command and self.tty:
            rows, columns = json.loads(payload)
            fcntl.ioctl(self.input, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        elif kind == b"K":
            self.kill(json.loads(payload))
        elif kind == b"P":
            os.sync()
            subprocess.run(["/bin/busybox", "poweroff", "-f"])

    def execute(self, order):
        environment = {**DEFAULT_ENVIRONMENT, **order.get("env", {})}
        directory = order.get("cwd") or self.directory or "/"
        self.tty, self.end_of_input, self.pending, self.ending = order.get("tty", False), False, b"", None
        try:
            if self.tty:
                self.execute_on_terminal(order, environment, directory)
            else:
                self.execute_on_pipes(order, environment, directory)
        except OSError as error:
            self.send(b"R", f"vm: run {order['argv'][0]}: {error.strerror}\n".encode())
            self.send(b"Q", json.dumps(127).encode())
            self.command = None

    def execute_on_pipes(self, order, environment, directory):
        pipe = subprocess.PIPE
        self.command = subprocess.Popen(
            order["argv"], stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=directory, start_new_session=True
        )
        self.input = os.dup(self.command.stdin.fileno())
        self.command.stdin.close()
        os.set_blocking(self.input, False)
        self.outputs = {self.command.stdout.fileno(): b"O", self.command.stderr.fileno(): b"R"}

    def execute_on_terminal(self, order, environment, directory):
        master, slave = os.openpty()
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", order.get("rows", 24), order.get("columns", 80), 0, 0))

        def become_leader():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.command = subprocess.Popen(
            order["argv"], stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=directory, preexec_fn=become_leader
        )
        os.close(slave)
        os.set_blocking(master, False)
        self.input = master
        self.outputs = {master: b"O"}

    def relay(self, descriptor):
        try:
            data = os.read(descriptor, 65536)
        except BlockingIOError:
            return
        except OSError:  # a terminal's last user is gone
            data = b""
        if data:
            self.send(self.outputs[descriptor], data)
        else:
            del self.outputs[descriptor]

    def feed(self):
        while self.pending:
            try:
                written = os.write(self.input, self.pending)
            except BlockingIOError:
                return
            except OSError:  # the command does not want it
                self.pending = b""
                break
            self.pending = self.pending[written:]
        if self.end_of_input and not self.pending and not self.tty:
            os.close(self.input)
            self.input = None

    def check_end(self):
        """The command is over when it was reaped and its output is drained, or when strangers hold its pipes a moment longer."""
        if self.command is None or self.command.poll() is None:
            return
        if self.ending is None:
            self.ending = time.monotonic()
        if self.outputs and time.monotonic() - self.ending < 1.0:
            return
        status = self.command.returncode
        for stream in (self.command.stdout, self.command.stderr):
            if stream:
                stream.close()
        if self.input is not None:
            os.close(self.input)
        self.command, self.outputs, self.input, self.pending = None, {}, None, b""
        self.send(b"Q", json.dumps(status if status >= 0 else 128 - status).encode())

    def kill(self, number):
        if self.command:
            try:
                os.killpg(self.command.pid, number)
            except ProcessLookupError:
                pass

    def send(self, kind, payload):
        data = kind + struct.pack(">I", len(payload)) + payload
        while data:
            written = os.write(self.descriptor, data)
            data = data[written:]


def main():
    directory = sys.argv[1] if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]) else "/"
    threads = [threading.Thread(target=Port(name, directory).serve, daemon=True) for name in PORTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


main()
