"""A film whose answer kills the worker that asked for it, each time."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import pytest

from bench.figures import Figure, at_most, exactly
from bench.people import films, new_user
from tests.faults.judgement import kept, show
from tests.faults.scale import FETCH_SECONDS, SWEEP_SECONDS
from tests.faults.service import COMPRESSED, WORKERS, Service, running_service

pytestmark = pytest.mark.long

OTHERS = 40
LEASE_SECONDS = 20
DELAY_SECONDS = LEASE_SECONDS + SWEEP_SECONDS + FETCH_SECONDS
MOST_CALLS = 6
UPSTREAM_SECONDS = 0.3
PATIENCE_SECONDS = 300
WAITED = """
    SELECT max(extract(epoch FROM fetched_at - added_at))::float8 FROM film_sync JOIN favourite USING (kinopoisk_id)
    WHERE kinopoisk_id = ANY($1)
"""
READY = "SELECT count(*) FROM film_sync WHERE status = 'ready' AND kinopoisk_id = ANY($1)"
WORN = "SELECT count(*) FROM film_sync WHERE status = 'failed' AND kinopoisk_id = ANY($1)"


@pytest.fixture
def service() -> Iterator[Service]:
    """A lease is much longer than what a worker needs to come back, as it is by default."""
    with running_service(COMPRESSED | {"ENRICHMENT__LEASE_SECONDS": str(LEASE_SECONDS)}) as running:
        yield running


def test_a_poison_film_costs_few_calls_and_delays_others_by_one_lease(service: Service) -> None:
    service.background.wait(service.stack.upstream.answer_after(UPSTREAM_SECONDS))
    poison, *ids = islice(films(), 1 + 2 * OTHERS)
    others = ids[OTHERS:]
    undisturbed = seconds_until_ready(service, "undisturbed", ids[:OTHERS])
    with poisonous(service, poison) as deaths:
        disturbed = seconds_until_ready(service, "disturbed", others, poison)
        service.until(lambda: revived(service) and service.value(WORN, [poison]), PATIENCE_SECONDS, "the poison rests")
    restart = service.slowest_start
    name = f"slowest of {OTHERS} others ready, later than without it ({undisturbed:.1f} s) by"
    show(
        "poison film",
        [
            at_most("calls for it until it rests for a day, each the death of a worker", len(deaths), MOST_CALLS, ""),
            at_most(name, disturbed - undisturbed, round(DELAY_SECONDS + restart, 1), "s"),
            Figure("lease + sweep + longest fetch, slowest restart", f"{DELAY_SECONDS} s, {restart:.1f} s"),
            exactly("others that failed", service.value(WORN, others), 0),
            kept(service),
            Figure("deaths", ", ".join(deaths)),
        ],
    )


@contextmanager
def poisonous(service: Service, film: int) -> Iterator[list[str]]:
    """Who asks for the film dies in the middle of it."""
    deaths: list[str] = []

    def die(part: str) -> None:
        deaths.append(part)
        service.stack.children[part].signal_all(signal.SIGKILL)

    service.on_call(film, die)
    yield deaths
    service.wires.watches.clear()


def revived(service: Service) -> bool:
    """Who died is started again, as by a supervisor."""
    dead = [part for part in WORKERS if not service.stack.children[part].running]
    if dead:
        service.start(*dead)
    return True


def seconds_until_ready(service: Service, name: str, wanted: Sequence[int], poison: int | None = None) -> float:
    """Of the slowest, from its add, by PostgreSQL's clock; the poison is added as the fourth."""
    user = service.background.wait(new_user(service.stack.address, name))
    for film in [*wanted[:3], *([poison] if poison else []), *wanted[3:]]:
        service.background.wait(user.add(film))
    user.leave()

    def ready() -> bool:
        return revived(service) and service.value(READY, wanted) == len(wanted)

    service.until(ready, PATIENCE_SECONDS, "all others")
    return float(service.value(WAITED, wanted))
