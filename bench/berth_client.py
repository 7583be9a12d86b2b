"""A small client of the HTTP API over the Unix socket, for measuring: one warm connection for requests, one for events."""

import json
import os
import socket
import time


class Connection:
    """HTTP/1.1 with keep-alive over a Unix socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.buffer = b""

    def send(self, method, target, body=None):
        payload = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {target} HTTP/1.1\r\nHost: berth\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        self.socket.sendall(head.encode() + payload)

    def request(self, method, target, body=None):
        """The reply as a value; a status other than 2xx is an error with the server's line."""
        self.send(method, target, body)
        status, headers = self.read_head()
        if headers.get("transfer-encoding", "") == "chunked":
            data = b"".join(iter(self.read_chunk, b""))
        else:
            data = self.read_exactly(int(headers.get("content-length", "0")))
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {target}: status {status}: {data.decode(errors='replace').strip()}")
        return json.loads(data) if data else None

    def fetch(self, target):
        """The body of a GET as it is."""
        self.send("GET", target)
        status, headers = self.read_head()
        if headers.get("transfer-encoding", "") == "chunked":
            data = b"".join(iter(self.read_chunk, b""))
        else:
            data = self.read_exactly(int(headers.get("content-length", "0")))
        if status != 200:
            raise RuntimeError(f"GET {target}: status {status}: {data.decode(errors='replace').strip()}")
        return data

    def read_head(self):
        status = int(self.read_line().split()[1])
        headers = {}
        while line := self.read_line():
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        return status, headers

    def read_line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def read_exactly(self, length):
        while len(self.buffer) < length:
            self.fill()
        data, self.buffer = self.buffer[:length], self.buffer[length:]
        return data

    def read_chunk(self):
        data = self.read_exactly(int(self.read_line().split(b";")[0], 16))
        self.read_line()
        return data

    def fill(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise RuntimeError("the daemon closed the connection")
        self.buffer += data


class Events:
    """The event stream: one JSON object a line, an empty line as a ping."""

    def __init__(self, path, kinds=("finished",)):
        self.connection = Connection(path)
        self.connection.socket.settimeout(600)
        self.connection.send("GET", f"/v1/events?follow=1&kind={','.join(kinds)}")
        status, _ = self.connection.read_head()
        if status != 200:
            raise RuntimeError(f"GET /v1/events: status {status}")
        self.text = b""

    def next(self):
        """The next event."""
        while True:
            while b"\n" not in self.text:
                chunk = self.connection.read_chunk()
                if not chunk:
                    raise RuntimeError("the event stream ended")
                self.text += chunk
            line, _, self.text = self.text.partition(b"\n")
            if line.strip() and (event := json.loads(line).get("event")):
                return event


    def drain(self, seconds=0.3):
        """Forgets what was told so far."""
        self.connection.socket.settimeout(seconds)
        try:
            while True:
                self.text += self.connection.read_chunk()
        except TimeoutError:
            pass
        self.connection.socket.settimeout(600)
        self.text = b""


def no_op(image, array=None):
    """The spec of a no-op with the peers' limits: as much CPU for each that four run at once, as four workers run the peers."""
    cpu = min(1000, 1000 * os.cpu_count() // 4)
    spec = {
        "image": image, "command": ["/noop"], "submitDirectory": None,
        "resources": {"cpuMillis": cpu, "memory": 64 << 20, "pids": 64, "scratch": 1 << 20, "scratchKind": "memory"},
    }  # fmt: skip
    if array:
        spec["array"] = {"indices": f"0-{array - 1}"}
    return {"jobs": [{"spec": {key: value for key, value in spec.items() if value is not None}}]}


def submit_million(requests, image):
    """Milliseconds that the submit of an array of 1,000,000 tasks takes, its commit included; it would begin in an hour and is cancelled."""
    body = no_op(image, 1_000_000)
    body["jobs"][0]["spec"]["begin"] = int((time.time() + 3600) * 1000)
    started = time.perf_counter()
    job = requests.request("POST", "/v1/jobs", body)["jobs"][0]["id"]
    taken = (time.perf_counter() - started) * 1e3
    requests.request("POST", "/v1/tasks/cancel", {"selection": {"ids": [str(job)]}})
    return taken


def outcome(event):
    found = event.get("outcome") or {}
    return found.get("kind") if isinstance(found, dict) else found


def one_task(requests, events, image):
    """Milliseconds from the POST on a warm connection to the task's exit event on the other."""
    started = time.perf_counter()
    job = requests.request("POST", "/v1/jobs", no_op(image))["jobs"][0]["id"]
    while True:
        event = events.next()
        if event.get("job") == job:
            taken = (time.perf_counter() - started) * 1e3
            if outcome(event) != "succeeded":
                raise RuntimeError(f"job {job} ended with {event.get('outcome')}")
            return taken


def array(requests, events, image, count):
    """Tasks per second of an array, from its POST to its last exit event."""
    started = time.perf_counter()
    job = requests.request("POST", "/v1/jobs", no_op(image, count))["jobs"][0]["id"]
    left = count
    while left:
        event = events.next()
        if event.get("job") != job:
            continue
        if outcome(event) != "succeeded":
            raise RuntimeError(f"task {event.get('task')} ended with {event.get('outcome')}")
        left -= 1
    return count / (time.perf_counter() - started)


def wait_for(events, jobs, expected="succeeded"):
    """Returns with the end of the last of these jobs of one task each."""
    left = set(jobs)
    while left:
        event = events.next()
        if event.get("job") in left:
            if outcome(event) != expected:
                raise RuntimeError(f"job {event['job']} ended with {event.get('outcome')}, expected {expected}")
            left.remove(event["job"])


def count_ends(events, count):
    """Returns with the count-th end from now."""
    for _ in range(count):
        event = events.next()
        if outcome(event) != "succeeded":
            raise RuntimeError(f"task {event.get('task')} ended with {event.get('outcome')}")
