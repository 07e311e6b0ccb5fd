"""Metrics, seen from the collector: what arrives, and that no caller notices a collector that is not there."""

import asyncio
import math
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared import metrics, wiring
from shared.metrics import Statsd
from shared.settings import Settings
from tests.client import eventually
from tests.conftest import changed
from tests.infra.conftest import taken_port

UNKNOWN = "no-such-collector.invalid"

real_getaddrinfo = socket.getaddrinfo


class Collector:
    """Where packets arrive, one after the other."""

    def __init__(self, family: socket.AddressFamily, host: str) -> None:
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.setblocking(False)
        self.port: int = self.socket.getsockname()[1]

    async def packet(self) -> str:
        async with asyncio.timeout(10):
            return (await asyncio.get_running_loop().sock_recv(self.socket, 2000)).decode()

    async def lines(self, count: int) -> list[str]:
        """So many metrics, in one packet or several."""
        lines: list[str] = []
        while len(lines) < count:
            lines += (await self.packet()).split("\n")
        return lines


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector(socket.AF_INET, "127.0.0.1")
    with collector.socket:
        yield collector


@pytest.fixture(autouse=True)
def _sent_at_once_and_ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(metrics, "SEND_SECONDS", 0.02)
    before = metrics.turn_to(metrics.Nowhere())
    yield
    metrics.close()
    metrics.turn_to(before)


class Resolver:
    """Knows the names in `known` and counts how often it was asked for another than a number."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.asked = 0

    def __call__(self, host: str, *rest: Any, **options: Any) -> Any:
        self.asked += host == UNKNOWN
        if host == UNKNOWN and host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return real_getaddrinfo(self.known.get(host, host), *rest, **options)

    async def was_asked(self) -> bool:
        return self.asked > 0


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    return resolver


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between two look-ups."""
    monkeypatch.setattr(metrics, "LOOK_UP_SECONDS", 0)


@pytest.mark.parametrize(
    ("tell", "packet"),
    [
        (lambda: metrics.count("films.fetched"), "kinoshelf.films.fetched:1|c"),
        (lambda: metrics.count("films.fetched", 25), "kinoshelf.films.fetched:25|c"),
        (lambda: metrics.gauge("queue", 3), "kinoshelf.queue:3|g"),
        (lambda: metrics.gauge("queue", 0.5), "kinoshelf.queue:0.5|g"),
        (lambda: metrics.timing("call", 12.5), "kinoshelf.call:12.500000|ms"),
    ],
)
async def test_what_is_told_arrives(collector: Collector, tell: Callable[[], None], packet: str) -> None:
    metrics.start("127.0.0.1", collector.port)
    tell()
    assert await collector.packet() == packet


async def test_what_is_told_before_the_collector_is_found_arrives(collector: Collector, resolver: Resolver) -> None:
    resolver.known[UNKNOWN] = "127.0.0.1"
    metrics.start(UNKNOWN, collector.port)
    metrics.count("films")
    assert await collector.packet() == "kinoshelf.films:1|c"


async def test_what_is_told_last_arrives(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SEND_SECONDS", 600)
    metrics.start("127.0.0.1", collector.port)
    metrics.count("films")
    metrics.close()
    assert await collector.packet() == "kinoshelf.films:1|c"


async def test_a_negative_gauge_is_a_value_and_no_change(collector: Collector) -> None:
    metrics.start("127.0.0.1", collector.port)
    metrics.gauge("balance", -2.5)
    assert await collector.packet() == "kinoshelf.balance:0|g\nkinoshelf.balance:-2.5|g"


async def test_counts_of_one_name_become_one(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SEND_SECONDS", 600)
    metrics.start("127.0.0.1", collector.port)
    for _ in range(1000):
        metrics.count("films")
    metrics.close()
    assert await collector.packet() == "kinoshelf.films:1000|c"


async def test_every_timing_arrives_in_packets_that_fit(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SEND_SECONDS", 600)
    metrics.start("127.0.0.1", collector.port)
    for n in range(200):
        metrics.timing("call", n)
    metrics.close()
    lines: list[str] = []
    while len(lines) < 200:
        packet = await collector.packet()
        assert len(packet) <= metrics.PACKET_BYTES
        lines += packet.split("\n")
    assert lines == [f"kinoshelf.call:{n}.000000|ms" for n in range(200)]


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
async def test_a_value_that_is_no_number_is_left_out(collector: Collector, value: Any) -> None:
    metrics.start("127.0.0.1", collector.port)
    metrics.gauge("queue", value)
    if value is not None:
        metrics.timing("call", value)
    metrics.count("next")
    assert await collector.packet() == "kinoshelf.next:1|c"


async def test_a_name_that_cannot_be_sent_costs_the_caller_nothing(collector: Collector) -> None:
    metrics.start("127.0.0.1", collector.port)
    metrics.count("фильмы")
    metrics.count("next")
    assert await collector.packet() == "kinoshelf.next:1|c"


async def test_the_settings_say_where_and_under_which_name(settings: Settings, collector: Collector) -> None:
    there = {"host": "127.0.0.1", "port": collector.port, "prefix": "shelf-test"}
    wiring.start_metrics(changed(settings, statsd=there))
    metrics.count("films")
    assert await collector.packet() == "shelf-test.films:1|c"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine knows no IPv6")
async def test_a_collector_on_ipv6_is_found() -> None:
    try:
        collector = Collector(socket.AF_INET6, "::1")
    except OSError:
        pytest.skip("no IPv6 on loopback")
    with collector.socket:
        metrics.start("::1", collector.port)
        metrics.count("films")
        assert await collector.packet() == "kinoshelf.films:1|c"


def test_without_a_host_nothing_is_looked_up(resolver: Resolver) -> None:
    metrics.start(None, 8125)
    metrics.count("films")
    metrics.close()
    assert (resolver.asked, threads()) == (0, 0)


def threads() -> int:
    return [thread.name for thread in threading.enumerate()].count("statsd")


async def test_an_unknown_name_is_asked_for_once_a_minute(resolver: Resolver) -> None:
    metrics.start(UNKNOWN, 8125)
    await eventually(resolver.was_asked)
    for _ in range(100):
        metrics.count("films")
    metrics.close()
    assert resolver.asked == 1


async def test_what_waits_for_the_collector_is_bounded(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_WAITING", 100)
    sender = Statsd(UNKNOWN, 8125, "kinoshelf")
    for n in range(1000):
        sender.put(metrics.Told("timing", "call", n))
    assert [told.value for told in sender._waiting] == list(range(900, 1000))
    sender.close()


async def test_where_nobody_listens_the_caller_notices_nothing(collector: Collector) -> None:
    with taken_port(listening=False) as port:
        metrics.start("127.0.0.1", port)
        for _ in range(100):  # the refusal of one packet is the error of a later one
            metrics.timing("call", 1)
            await asyncio.sleep(0)
        metrics.close()


@pytest.mark.usefixtures("impatient")
async def test_a_name_that_becomes_known_is_found(collector: Collector, resolver: Resolver) -> None:
    metrics.start(UNKNOWN, collector.port)
    await eventually(resolver.was_asked)
    resolver.known[UNKNOWN] = "127.0.0.1"
    metrics.count("films")
    assert await collector.packet() == "kinoshelf.films:1|c"


@pytest.mark.usefixtures("impatient")
async def test_a_collector_that_moved_is_found_again(collector: Collector, resolver: Resolver) -> None:
    resolver.known[UNKNOWN] = "127.0.0.2"
    metrics.start(UNKNOWN, collector.port)
    await eventually(resolver.was_asked)
    resolver.known[UNKNOWN] = "127.0.0.1"

    async def arrives() -> bool:
        metrics.count("films")
        with collector.socket.dup() as twin:
            try:
                return bool(twin.recv(2000))
            except BlockingIOError:
                return False

    await eventually(arrives)


async def test_a_resolver_that_hangs_holds_nobody_up(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()

    def hang(*place: Any, **options: Any) -> Any:
        answers.wait(10)
        return real_getaddrinfo(*place, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    metrics.start("127.0.0.1", collector.port)
    for _ in range(100):
        metrics.count("films")
    assert threads() == 1
    answers.set()
    assert sum(int(line.split(":")[1][:-2]) for line in await collector.lines(1)) <= 100
