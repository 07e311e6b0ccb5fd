"""Metrics over StatsD: no call waits, raises, or tells whether anybody listens. The only module that knows statsd.

What is told is put into a list; a thread of its own puts the list together and sends it. Names are ASCII, dotted, and
stand in docs/metrics.md.
"""

import math
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple, Protocol

from statsd import StatsClient
from statsd.client.base import PipelineBase

SEND_SECONDS = 0.25
LOOK_UP_SECONDS = 60.0
# What one thread can put together between two sendings, many times over; what comes beyond it is lost.
MOST_WAITING = 20_000
# A packet that no network on the way to a collector takes apart.
PACKET_BYTES = 1400


class Told(NamedTuple):
    """One metric: "count", "gauge" or "timing"."""

    kind: str
    name: str
    value: float


class Sink(Protocol):
    """Where metrics go."""

    def put(self, told: Told) -> None: ...
    def close(self) -> None: ...


class Nowhere:
    """Where nobody collects."""

    def put(self, told: Told) -> None:
        pass

    def close(self) -> None:
        pass


_sink: Sink = Nowhere()


def start(host: str | None, port: int, prefix: str = "kinoshelf") -> None:
    """From now on metrics of this process go to the collector there; without a host nowhere."""
    close()
    if host is not None:
        turn_to(Statsd(host, port, prefix))


def turn_to(sink: Sink) -> Sink:
    """From now on metrics of this process go there; answers where they went before."""
    global _sink
    before, _sink = _sink, sink
    return before


def count(name: str, n: int = 1) -> None:
    _sink.put(Told("count", name, n))


def gauge(name: str, value: float | None) -> None:
    """A value that is no number is left out."""
    if value is not None and math.isfinite(value):
        _sink.put(Told("gauge", name, value))


def timing(name: str, value: float) -> None:
    """Milliseconds, or another unit of what docs/metrics.md calls a distribution."""
    if math.isfinite(value):
        _sink.put(Told("timing", name, value))


def close() -> None:
    """Send what was told; what is told from now on is lost."""
    turn_to(Nowhere()).close()


class Statsd:
    """Sends to wherever the name of the collector leads, from a thread that holds up nothing, not even the end."""

    def __init__(self, host: str, port: int, prefix: str) -> None:
        self._place = (host, port)
        self._prefix = prefix
        self._waiting: deque[Told] = deque(maxlen=MOST_WAITING)
        self._address: str | None = None
        self._client: StatsClient | None = None
        self._look_up_at = -math.inf
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="statsd", daemon=True)
        self._thread.start()

    def put(self, told: Told) -> None:
        self._waiting.append(told)

    def close(self) -> None:
        """The last ones go out, unless a resolver or a network keeps them waiting."""
        self._closing.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while True:
            closing = self._closing.wait(SEND_SECONDS)
            with suppress(Exception):  # a metric is never worth an exception
                self._look_up()
            with suppress(Exception):
                self._send()
            if closing:
                break
        if self._client:
            self._client.close()

    def _look_up(self) -> None:
        """Again each minute, even when found: a container that comes back has another address."""
        if time.monotonic() < self._look_up_at:
            return
        self._look_up_at = time.monotonic() + LOOK_UP_SECONDS
        found = socket.getaddrinfo(*self._place, type=socket.SOCK_DGRAM)
        # The usual collector listens on IPv4, whatever else its name stands for.
        family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        if address[0] != self._address:
            before, self._address = self._client, str(address[0])
            ipv6 = family == socket.AF_INET6
            self._client = StatsClient(self._address, self._place[1], self._prefix, PACKET_BYTES, ipv6=ipv6)
            if before:
                before.close()

    def _send(self) -> None:
        if self._client and self._waiting:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            with self._client.pipeline() as packets:
                _fill(packets, (told for told in batch if told.name.isascii()))


def _fill(packets: PipelineBase, batch: Iterable[Told]) -> None:
    """Counts of one name become one; of gauges the last one tells."""
    counts: Counter[str] = Counter()
    gauges: dict[str, float] = {}
    for kind, name, value in batch:
        if kind == "timing":
            packets.timing(name, value)
        elif kind == "count":
            counts[name] += int(value)
        else:
            gauges[name] = value
    for name, n in counts.items():
        packets.incr(name, n)
    for name, value in gauges.items():
        # On the wire a sign means a change: statsd sends a negative value as a zero and a change.
        packets.gauge(name, value)
