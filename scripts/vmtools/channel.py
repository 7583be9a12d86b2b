"""The host's end of a virtio port: sends commands to the agent, relays input and output. The frames are described in guest/agent.py."""

import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
import time
import tty

import debian


class Closed(Exception):
    """The machine is gone."""


class TimedOut(Exception):
    """No answer within the time limit."""


class Channel:
    """A connection to one port of a running machine."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.buffer = b""

    def hello(self, limit, alive):
        """Waits for the agent and returns the machine's uptime in seconds."""
        self.send(b"H")
        end = time.monotonic() + limit
        while time.monotonic() < end:
            frame = self.receive(0.2)
            if frame and frame[0] == b"H":
                return json.loads(frame[1])["uptime"]
            if not alive():
                raise Closed()
        raise TimedOut()

    def execute(self, argv, environment=None, directory=None, terminal=False, limit=None, output=None):
        """Runs a command and returns its status. Output goes to this process's own streams, and to `output` too where it is given."""
        order = {"argv": argv, "env": environment or {}, "cwd": directory, "tty": terminal}
        if terminal:
            order["rows"], order["columns"] = window_size()
        self.send(b"X", json.dumps(order).encode())
        return self.relay(terminal, time.monotonic() + limit if limit else None)

    def relay(self, terminal, end):
        reading = terminal or not sys.stdin.isatty()
        if not reading:
            self.send(b"E")
        while True:
            if end and time.monotonic() > end:
                raise TimedOut()
            ready = select.select([self.socket, sys.stdin] if reading else [self.socket], [], [], 0.5)[0]
            if sys.stdin in ready:
                data = os.read(sys.stdin.fileno(), 65536)
                self.send(b"I", data) if data else self.send(b"E")
                reading = bool(data)
            if self.socket in ready:
                self.fill()
            while frame := self.take():
                kind, payload = frame
                if kind == b"Q":
                    return json.loads(payload)
                if kind in b"OR":
                    write_all(2 if kind == b"R" else 1, payload)

    def execute_on_terminal(self, argv, environment):
        """Like `execute`, with this process's terminal in raw mode and its size passed on."""
        if not sys.stdin.isatty():
            return self.execute(argv, environment)
        saved = termios.tcgetattr(0)
        signal.signal(signal.SIGWINCH, lambda *_: self.send(b"W", json.dumps(window_size()).encode()))
        try:
            tty.setraw(0)
            return self.execute(argv, environment, terminal=True)
        finally:
            signal.signal(signal.SIGWINCH, signal.SIG_DFL)
            termios.tcsetattr(0, termios.TCSADRAIN, saved)

    def send(self, kind, payload=b""):
        try:
            self.socket.sendall(kind + struct.pack(">I", len(payload)) + payload)
        except OSError as error:
            raise Closed() from error

    def receive(self, limit):
        """The next frame, or None when none came in time."""
        if (frame := self.take()) or not select.select([self.socket], [], [], limit)[0]:
            return frame
        self.fill()
        return self.take()

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except OSError as error:
            raise Closed() from error
        if not data:
            raise Closed()
        self.buffer += data

    def take(self):
        if len(self.buffer) < 5:
            return None
        length = struct.unpack(">I", self.buffer[1:5])[0]
        if len(self.buffer) < 5 + length:
            return None
        frame = (self.buffer[:1], self.buffer[5 : 5 + length])
        self.buffer = self.buffer[5 + length :]
        return frame


def window_size():
    packed = fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8)
    return list(struct.unpack("HHHH", packed)[:2])


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data) :]
