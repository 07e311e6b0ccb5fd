"""A Sentry that keeps what it gets: a real HTTP server in this process."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.leaks import look

KEY = "0123456789abcdef"


class Ingest:
    """The envelopes that arrived, unpacked but otherwise as they were, and the events in them."""

    def __init__(self, port: int) -> None:
        self.dsn = f"http://{KEY}@127.0.0.1:{port}/1"
        self.envelopes: list[bytes] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = [line for envelope in self.envelopes for line in envelope.splitlines()]
        return [event for event in map(json.loads, lines) if "level" in event]


@contextmanager
def running_ingest() -> Iterator[Ingest]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            envelope = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
            look("an envelope for Sentry", envelope.decode(errors="replace"))
            ingest.envelopes.append(envelope)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ingest = Ingest(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield ingest
        server.shutdown()
        thread.join()
