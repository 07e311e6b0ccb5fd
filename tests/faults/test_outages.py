"""Redis or PostgreSQL is away for a while: what people are told meanwhile, and how soon all is well again."""

import time
from collections.abc import Callable, Iterator
from itertools import cycle

import pytest

from bench.figures import Figure, at_most, exactly
from bench.load import Answer
from bench.people import User, films, new_user
from dev.testing import Handle
from tests.faults.judgement import kept, show
from tests.faults.service import Service
from tests.faults.wire import FINE, Weather

pytestmark = pytest.mark.long

OUTAGE_SECONDS = 8
# Promised where only Redis is away.
REDIS_SECONDS = 1.0
# Where PostgreSQL does not answer: a place in the pool, then twice the time of a statement.
POSTGRES_SECONDS = 10.0
HEALED_SECONDS = 60
# So that what was added can be fetched within HEALED_SECONDS, as fast as Kinopoisk allows.
PAUSE_SECONDS = 0.05
FILMS = cycle(films())
Change = Callable[[], None]


def how(service: Service, target: str, kind: str) -> tuple[Change, Change]:
    """How the outage begins and how it ends."""
    server: Handle = getattr(service.stack, target)
    if kind == "blackhole":
        return (
            lambda: service.wires.become(Weather("blackhole"), target),
            lambda: service.wires.become(FINE, target),
        )
    return (server.crash, server.start) if kind == "killed" else (server.pause, server.resume)


@pytest.fixture
def user(service: Service, request: pytest.FixtureRequest) -> Iterator[User]:
    made = service.background.wait(new_user(service.stack.address, f"u{abs(hash(request.node.name))}"[:20]))
    yield made
    made.leave()


@pytest.mark.parametrize("kind", ["killed", "frozen", "blackhole"])
def test_without_redis_everything_is_answered_within_a_second(service: Service, user: User, kind: str) -> None:
    answers, healed = through_an_outage(service, user, how(service, "redis", kind))
    wrong = [answer.status for answer in answers if answer.status not in (200, 202)]
    show(
        f"Redis {kind}",
        [
            exactly(f"of {len(answers)} adds and lists, not 202 or 200", len(wrong), 0),
            at_most("slowest", max(answer.seconds for answer in answers), REDIS_SECONDS, "s"),
            at_most("all ready after its end", healed, HEALED_SECONDS, "s"),
        ],
    )


@pytest.mark.parametrize("kind", ["killed", "frozen", "blackhole"])
def test_without_postgresql_people_are_told_to_come_back(service: Service, user: User, kind: str) -> None:
    answers, healed = through_an_outage(service, user, how(service, "postgres", kind))
    wrong = [answer.status for answer in answers if answer.status not in (200, 202, 503)]
    show(
        f"PostgreSQL {kind}",
        [
            exactly(f"of {len(answers)} adds and lists, neither right nor 503", len(wrong), 0),
            at_most("slowest", max(answer.seconds for answer in answers), POSTGRES_SECONDS, "s"),
            at_most("all ready after its end", healed, HEALED_SECONDS, "s"),
            kept(service),
            Figure("503 among them", str(sum(answer.status == 503 for answer in answers))),
        ],
    )


def through_an_outage(service: Service, user: User, outage: tuple[Change, Change]) -> tuple[list[Answer], float]:
    """The answers during the outage, and how many seconds after its end everything was ready."""
    begin, end = outage
    answers: list[Answer] = []
    begin()
    try:
        until = time.monotonic() + OUTAGE_SECONDS
        while time.monotonic() < until:
            answers.append(service.background.wait(user.add(next(FILMS))))
            answers.append(service.background.wait(user.favourites()))
            time.sleep(PAUSE_SECONDS)
    finally:
        end()
    return answers, service.until(lambda: not service.background.wait(user.pending()), HEALED_SECONDS, "all ready")
