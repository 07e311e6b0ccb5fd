"""Metrics over StatsD: no call waits, raises, or tells whether anybody listens. The only module that knows statsd."""

import math
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from statsd import StatsClient

LOOK_UP_SECONDS = 60.0


class Metrics(Protocol):
    """What may be told; names are constants of the caller, dotted and ASCII."""

    def count(self, name: str, n: int = 1) -> None: ...
    def gauge(self, name: str, value: float | None) -> None: ...
    def timing(self, name: str, milliseconds: float) -> None: ...
    def close(self) -> None: ...


class NullMetrics:
    """Where nobody collects."""

    def count(self, name: str, n: int = 1) -> None:
        pass

    def gauge(self, name: str, value: float | None) -> None:
        pass

    def timing(self, name: str, milliseconds: float) -> None:
        pass

    def close(self) -> None:
        pass


def metrics_to(host: str | None, port: int, prefix: str = "kinoshelf") -> Metrics:
    """Metrics to the collector there; without a host to nobody."""
    return NullMetrics() if host is None else StatsdMetrics(host, port, prefix)


class StatsdMetrics:
    """Sends to wherever the name of the collector leads; what is told before it is found is lost."""

    def __init__(self, host: str, port: int, prefix: str) -> None:
        self._place = (host, port)
        self._prefix = prefix
        self._address: str | None = None
        self._client: StatsClient | None = None
        self._look_up_at = -math.inf
        self._closed = False
        self._tell(lambda _: None)  # begins the look-up, so that few of the first metrics are lost

    def count(self, name: str, n: int = 1) -> None:
        self._tell(lambda client: client.incr(name, n))

    def gauge(self, name: str, value: float | None) -> None:
        """A value that is no number is left out."""
        if value is not None and math.isfinite(value):
            # On the wire a sign means a change: statsd sends a negative value as a zero and a change, in one packet.
            self._tell(lambda client: client.gauge(name, value))

    def timing(self, name: str, milliseconds: float) -> None:
        if math.isfinite(milliseconds):
            self._tell(lambda client: client.timing(name, milliseconds))

    def close(self) -> None:
        """What is told from now on is lost."""
        self._closed = True
        self._turn_to(None)

    def _tell(self, send: Callable[[StatsClient], None]) -> None:
        """A metric is never worth an exception."""
        with suppress(Exception):
            if time.monotonic() >= self._look_up_at and not self._closed:
                self._look_up_at = math.inf  # one look-up at a time
                # A resolver may take half a minute, so no event loop waits for it; and a thread of asyncio's own pool
                # would hold up the end of the process for as long, which a daemon does not.
                threading.Thread(target=self._look_up, name="statsd-address", daemon=True).start()
            if self._client:
                send(self._client)

    def _look_up(self) -> None:
        """Again each minute, even when found: a container that comes back has another address."""
        with suppress(Exception):
            found = socket.getaddrinfo(*self._place, type=socket.SOCK_DGRAM)
            # The usual collector listens on IPv4, whatever else its name stands for.
            family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
            if address[0] != self._address and not self._closed:
                self._address = str(address[0])
                self._turn_to(self._sender(self._address, ipv6=family == socket.AF_INET6))
        self._look_up_at = time.monotonic() + LOOK_UP_SECONDS

    def _sender(self, address: str, *, ipv6: bool) -> StatsClient:
        client = StatsClient(address, self._place[1], self._prefix, ipv6=ipv6)
        client._sock.setblocking(False)  # behind a dead neighbour the buffer fills: rather lose a metric than wait
        return client

    def _turn_to(self, client: StatsClient | None) -> None:
        before, self._client = self._client, client
        if before:
            before.close()
