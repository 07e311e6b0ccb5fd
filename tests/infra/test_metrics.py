"""Metrics, seen from the collector: what arrives, and that no caller notices a collector that is not there."""

import asyncio
import math
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from shared import metrics
from shared.metrics import Metrics, metrics_to
from shared.settings import Settings
from shared.wiring import metrics as metrics_of
from tests.client import eventually
from tests.conftest import changed
from tests.infra.conftest import taken_port

UNKNOWN = "no-such-collector.invalid"

Made = Callable[..., Metrics]
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
            return (await asyncio.get_running_loop().sock_recv(self.socket, 1000)).decode()

    async def first(self, told: Metrics) -> None:
        """Wait until the collector has been found, and forget what arrived meanwhile."""

        async def found() -> bool:
            told.count("found")
            with self.socket.dup() as twin:
                try:
                    return bool(twin.recv(1000))
                except BlockingIOError:
                    return False

        await eventually(found)
        while True:
            try:
                self.socket.recv(1000)
            except BlockingIOError:
                return


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector(socket.AF_INET, "127.0.0.1")
    with collector.socket:
        yield collector


@pytest.fixture
async def made() -> AsyncIterator[Made]:
    """Make metrics that are closed at the end, once nobody looks up an address for them."""
    all_made: list[Metrics] = []

    def make(*place: Any, **options: Any) -> Metrics:
        all_made.append(metrics_to(*place, **options))
        return all_made[-1]

    yield make
    await eventually(nobody_looks_up)
    for each in all_made:
        each.close()


async def nobody_looks_up() -> bool:
    return all(thread.name != "statsd-address" for thread in threading.enumerate())


@pytest.fixture
async def told(made: Made, collector: Collector) -> Metrics:
    """Metrics that have found the collector."""
    metrics = made("127.0.0.1", collector.port)
    await collector.first(metrics)
    return metrics


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
        (lambda told: told.count("films.fetched"), "kinoshelf.films.fetched:1|c"),
        (lambda told: told.count("films.fetched", 25), "kinoshelf.films.fetched:25|c"),
        (lambda told: told.gauge("queue", 3), "kinoshelf.queue:3|g"),
        (lambda told: told.gauge("queue", 0.5), "kinoshelf.queue:0.5|g"),
        (lambda told: told.timing("call", 12.5), "kinoshelf.call:12.500000|ms"),
    ],
)
async def test_what_is_told_arrives(
    told: Metrics, collector: Collector, tell: Callable[[Metrics], None], packet: str
) -> None:
    tell(told)
    assert await collector.packet() == packet


async def test_a_negative_gauge_is_a_value_and_no_change(told: Metrics, collector: Collector) -> None:
    told.gauge("balance", -2.5)
    assert await collector.packet() == "kinoshelf.balance:0|g\nkinoshelf.balance:-2.5|g"


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
async def test_a_value_that_is_no_number_is_left_out(told: Metrics, collector: Collector, value: Any) -> None:
    told.gauge("queue", value)
    if value is not None:
        told.timing("call", value)
    told.count("next")
    assert await collector.packet() == "kinoshelf.next:1|c"


async def test_a_name_that_cannot_be_sent_costs_the_caller_nothing(told: Metrics, collector: Collector) -> None:
    told.count("фильмы")
    told.count("next")
    assert await collector.packet() == "kinoshelf.next:1|c"


async def test_the_settings_say_where_and_under_which_name(settings: Settings, collector: Collector) -> None:
    there = {"host": "127.0.0.1", "port": collector.port, "prefix": "shelf.test"}
    told = metrics_of(changed(settings, statsd=there))
    await collector.first(told)
    told.count("films")
    assert await collector.packet() == "shelf.test.films:1|c"
    told.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine knows no IPv6")
async def test_a_collector_on_ipv6_is_found(made: Made) -> None:
    try:
        collector = Collector(socket.AF_INET6, "::1")
    except OSError:
        pytest.skip("no IPv6 on loopback")
    with collector.socket:
        told = made("::1", collector.port)
        await collector.first(told)
        told.count("films")
        assert await collector.packet() == "kinoshelf.films:1|c"


def tell_all(told: Metrics) -> None:
    told.count("films")
    told.gauge("queue", 1)
    told.timing("call", 1)
    told.close()
    told.count("films")


def test_without_a_host_nothing_is_looked_up(resolver: Resolver) -> None:
    tell_all(metrics_to(None, 8125))
    assert resolver.asked == 0


async def test_an_unknown_name_costs_the_caller_nothing_and_is_asked_for_once_a_minute(
    made: Made, resolver: Resolver
) -> None:
    told = made(UNKNOWN, 8125)
    await eventually(nobody_looks_up)
    for _ in range(100):
        told.count("films")
    tell_all(told)
    assert resolver.asked == 1


async def test_where_nobody_listens_the_caller_notices_nothing(made: Made) -> None:
    with taken_port(listening=False) as port:
        told = made("127.0.0.1", port)
        await eventually(nobody_looks_up)
        for _ in range(100):  # the refusal of one packet is the error of a later one
            told.count("films")


@pytest.mark.usefixtures("impatient")
async def test_a_name_that_becomes_known_is_found(made: Made, collector: Collector, resolver: Resolver) -> None:
    told = made(UNKNOWN, collector.port)
    await eventually(nobody_looks_up)
    resolver.known[UNKNOWN] = "127.0.0.1"
    await collector.first(told)


@pytest.mark.usefixtures("impatient")
async def test_a_collector_that_moved_is_found_again(made: Made, collector: Collector, resolver: Resolver) -> None:
    resolver.known[UNKNOWN] = "127.0.0.2"
    told = made(UNKNOWN, collector.port)
    await eventually(nobody_looks_up)
    resolver.known[UNKNOWN] = "127.0.0.1"
    await collector.first(told)


@pytest.mark.usefixtures("impatient")
async def test_a_resolver_that_hangs_holds_nobody_up(
    made: Made, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def hang(*place: Any, **options: Any) -> Any:
        answers.wait(10)
        return real_getaddrinfo(*place, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    told = made("127.0.0.1", collector.port)
    for _ in range(100):
        told.count("lost")
    assert [thread.name for thread in threading.enumerate()].count("statsd-address") == 1
    answers.set()
    await collector.first(told)
