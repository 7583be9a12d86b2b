"""What Schemathesis needs to know of Berth: its API is behind a Unix socket, and a long poll is not to be waited for.

BERTH_SOCKET names the socket; BERTH_UID, when set, the user in whose name requests are sent.
"""

import http.client
import os
import socket

import requests
import requests.adapters
import schemathesis
import urllib3.connection
import urllib3.connectionpool


class Connection(urllib3.connection.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout if isinstance(self.timeout, (int, float)) else None)
        # The daemon asks the kernel who connected: socket(7), SO_PEERCRED.
        os.seteuid(int(os.environ.get("BERTH_UID", os.geteuid())))
        try:
            self.sock.connect(os.environ["BERTH_SOCKET"])
        finally:
            os.seteuid(os.getuid())


class Pool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = Connection


class Adapter(requests.adapters.HTTPAdapter):
    # One for all: a user has only so many connections.
    pool = Pool("berth", maxsize=4)

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
        return self.pool


plain = requests.Session.__init__


def session(self, *arguments, **options):
    plain(self, *arguments, **options)
    self.mount("http://berth", Adapter())


requests.Session.__init__ = session


@schemathesis.serializer("application/x-berth-frames")
def frames(context, value):
    return {"data": value if isinstance(value, bytes) else str(value).encode()}


@schemathesis.hook
def before_call(context, case, kwargs):
    # Nothing is waited for.
    if isinstance(case.body, dict) and "holdFor" in case.body and isinstance(case.body["holdFor"], int):
        case.body["holdFor"] = min(case.body["holdFor"], 100)
    # A reader that follows is answered when something happens.
    if case.query:
        case.query.pop("follow", None)
