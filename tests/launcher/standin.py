"""Tiny stand-ins for the API, the worker, the sandbox and the migration: what the launcher needs of them, no more.

`STANDIN_API=stubborn` makes the API deaf to SIGTERM, `STANDIN_WORKER=dies` and so on: see MOODS.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

MOODS = ("stubborn", "dies", "silent")
REPORT = "kinoshelf:worker:standin"


class Health(BaseHTTPRequestHandler):
    """Ready as soon as the worker has reported; knows the keys it was given."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


def serve_api() -> None:
    if mood("api") == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    address = os.environ.get("KINOSHELF__API__HOST", "127.0.0.1"), int(os.environ["KINOSHELF__API__PORT"])
    ThreadingHTTPServer(address, Health).serve_forever()


def work() -> None:
    left_behind = subprocess.Popen(["sleep", "600"])
    note("worker-child", left_behind.pid)
    if mood("worker") == "silent":
        time.sleep(600)
    report()
    if mood("worker") == "dies":
        sys.exit(7)
    time.sleep(600)


def report() -> None:
    """By hand: importing a client takes a quarter of a second."""
    redis = urlsplit(os.environ["KINOSHELF__REDIS__URL"])
    with socket.create_connection((redis.hostname or "", redis.port or 0)) as connection:
        connection.sendall(f"AUTH {redis.password}\r\nSET {REPORT} here\r\n".encode())
        answer = b""
        while answer.count(b"+OK") < 2:
            answer += connection.recv(100)


def serve_sandbox() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
    sys.stdout.write(f"Sandbox: http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def migrate() -> None:
    if mood("migration") == "dies":
        sys.exit("relation of films is complicated")


def mood(name: str) -> str:
    return os.environ.get(f"STANDIN_{name.upper()}", "")


def note(name: str, pid: int) -> None:
    Path(os.environ["STANDIN_NOTES"], name).write_text(str(pid))


if __name__ == "__main__":
    note(sys.argv[1], os.getpid())
    {"api": serve_api, "worker": work, "sandbox": serve_sandbox, "migration": migrate}[sys.argv[1]]()
