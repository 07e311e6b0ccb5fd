"""What befalls the service: each strike does one thing, holds it for a moment where it lasts, and mends it."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis

from dev.testing import Handle
from tests.faults.service import APIS, PARTS, WORKERS, Service
from tests.faults.wire import Weather

Strike = Callable[[Service], None]

LONGEST_SECONDS = 3.0
WEATHERS = (
    Weather("delay", seconds=0.2),
    Weather("drip", seconds=0.002),
    Weather("blackhole"),
    Weather("reset"),
    Weather("cut", after_bytes=2_000),
)
UPSTREAM: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500, "probability": 0.5},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 402},
    {"kind": "latency", "seconds": 1.0},
    {"kind": "hang"},
    {"kind": "drop"},
    {"kind": "html"},
    {"kind": "reset_mid_body"},
)


def a_while() -> None:
    time.sleep(random.uniform(0.5, LONGEST_SECONDS))


def killed(*parts: str) -> Strike:
    """SIGKILL, and started again, as its supervisor would."""

    def strike(service: Service) -> None:
        service.kill(*parts)
        service.start(*parts)

    return strike


def flushed(service: Service) -> None:
    with Redis.from_url(service.stack.redis.url) as redis:
        redis.flushall()


def redis_killed(service: Service) -> None:
    """Without a file: it has forgotten everything."""
    service.stack.redis.crash()
    service.kills += 1
    a_while()
    service.stack.redis.start()


def redis_frozen(service: Service) -> None:
    with _frozen(service.stack.redis):
        a_while()


def postgres_killed(service: Service) -> None:
    service.stack.postgres.crash()
    service.kills += 1
    service.stack.postgres.start()


def postgres_frozen(service: Service) -> None:
    with _frozen(service.stack.postgres):
        a_while()


@contextmanager
def _frozen(server: Handle) -> Iterator[None]:
    server.pause()
    try:
        yield
    finally:
        server.resume()


def upstream_ill(service: Service) -> None:
    how = dict(random.choice(UPSTREAM))
    service.sandbox(how.pop("kind"), **how)
    a_while()
    service.background.wait(service.stack.upstream.recover())


def bad_network(target: str, *parts: str) -> Strike:
    def strike(service: Service) -> None:
        service.wires.become(random.choice(WEATHERS), target, *parts)
        a_while()
        service.wires.calm()

    return strike


KILLS: dict[str, Strike] = {
    **{f"{part} killed": killed(part) for part in PARTS},
    "both APIs killed": killed(*APIS),
    "both workers killed": killed(*WORKERS),
    "all killed": killed(*PARTS),
    "PostgreSQL killed": postgres_killed,
    "Redis killed": redis_killed,
}
OTHERS: dict[str, Strike] = {
    "Redis flushed": flushed,
    "Redis frozen": redis_frozen,
    "PostgreSQL frozen": postgres_frozen,
    "Kinopoisk ill": upstream_ill,
    "bad network to PostgreSQL": bad_network("postgres"),
    "bad network from one API to PostgreSQL": bad_network("postgres", "API"),
    "bad network to Redis": bad_network("redis"),
    "bad network to Kinopoisk": bad_network("kinopoisk"),
    "bad network from people to one API": bad_network("API", "people"),
}
