"""One process dies while a film is being fetched: how long until the film is ready all the same."""

from collections.abc import Callable, Iterator

import pytest

from bench.figures import Figure, at_most
from bench.people import User, films, new_user
from tests.faults.judgement import kept, show
from tests.faults.scale import FETCH_SECONDS, LEASE_SECONDS, RECOVERY_SECONDS, SWEEP_SECONDS
from tests.faults.service import APIS, WORKERS, Service, running_service
from tests.faults.strikes import killed, postgres_killed, redis_killed

pytestmark = pytest.mark.long

UPSTREAM_SECONDS = 1.0
# Of the defaults: lease, sweep, fetch.
DEFAULT_SECONDS = 60 + 5 + 10
# What a process needs to come back, where nobody else is there.
RESTART_SECONDS = 15
Crash = Callable[[Service, str], None]
CRASHES: dict[str, tuple[Crash, float]] = {
    "the worker that fetches it": (lambda service, who: killed(who)(service), 0),
    "both workers": (lambda service, _: killed(*WORKERS)(service), RESTART_SECONDS),
    "an API": (lambda service, _: killed(APIS[1])(service), 0),
    "PostgreSQL": (lambda service, _: postgres_killed(service), RESTART_SECONDS),
    "Redis": (lambda service, _: redis_killed(service), 0),
}
WAITED = """
    SELECT extract(epoch FROM fetched_at - added_at)::float8 FROM film_sync JOIN favourite USING (kinopoisk_id)
    WHERE kinopoisk_id = $1 AND status = 'ready'
"""
MADE = iter(range(1_000))
FILMS = films()


@pytest.fixture
def user(service: Service) -> Iterator[User]:
    made = service.background.wait(new_user(service.stack.address, f"reader{next(MADE)}"))
    service.background.wait(service.stack.upstream.answer_after(UPSTREAM_SECONDS))
    yield made
    made.leave()


@pytest.mark.parametrize("who", CRASHES)
def test_a_film_is_ready_soon_after_one_crash(service: Service, user: User, who: str) -> None:
    crash, restart_seconds = CRASHES[who]
    waited = [after_a_crash(service, user, crash) for _ in range(3)]
    bound = RECOVERY_SECONDS + restart_seconds
    told = f"crash of {who} in mid-fetch: slowest of {len(waited)} films ready after its add"
    scale = f"{LEASE_SECONDS} + {SWEEP_SECONDS} + {FETCH_SECONDS} s"
    show(
        f"recovery from a crash of {who}",
        [
            at_most(told, max(waited), bound, "s"),
            Figure("lease + sweep + longest fetch", f"{scale}; restart {restart_seconds} s"),
            kept(service),
        ],
    )


def test_a_crash_at_default_settings() -> None:
    """Of the worker that fetches: nothing else holds a lease."""
    with running_service({}) as service:
        user = service.background.wait(new_user(service.stack.address, "reader"))
        service.background.wait(service.stack.upstream.answer_after(UPSTREAM_SECONDS))
        waited = after_a_crash(service, user, lambda service, who: killed(who)(service))
        user.leave()
    show("recovery at default settings", [at_most("the worker that fetches killed", waited, DEFAULT_SECONDS, "s")])


def after_a_crash(service: Service, user: User, crash: Crash) -> float:
    """Seconds from the add to the film's being ready, by PostgreSQL's clock; the crash is in mid-fetch."""
    film, askers = next(FILMS), list[str]()
    service.on_call(film, askers.append)
    service.background.wait(user.add(film))
    service.until(lambda: askers, what="somebody asks")
    crash(service, askers[0])
    service.until(lambda: service.sql(WAITED, film), 2 * DEFAULT_SECONDS, "the film is ready")
    return float(service.value(WAITED, film))
