"""The read table is gone: it is projected anew from what is stored, and Kinopoisk is not asked."""

import pytest

from bench.figures import Figure, at_most, exactly
from bench.people import films, new_user
from tests.faults.judgement import kept, show
from tests.faults.service import PATIENCE_SECONDS, WORKERS, Service

pytestmark = pytest.mark.long

FILMS = 50
FULL = "SELECT count(*) FROM film WHERE detail = 'full'"


def test_a_truncated_read_table_is_made_again_without_a_call(service: Service) -> None:
    user = service.background.wait(new_user(service.stack.address, "reader"))
    ids = films()
    for film in (next(ids) for _ in range(FILMS)):
        service.background.wait(user.add(film))
    service.until(lambda: service.value(FULL) >= FILMS, what="all films")
    full, calls = service.value(FULL), len(service.calls())
    service.execute("TRUNCATE film")
    service.kill(WORKERS[0])
    service.start(WORKERS[0])  # a worker looks when it starts, and every five minutes
    seconds = service.until(lambda: service.value(FULL) == full, PATIENCE_SECONDS, "all films again")
    user.leave()
    show(
        "truncated read table",
        [
            at_most(f"{full} films projected again, after a start of a worker", seconds, PATIENCE_SECONDS, "s"),
            exactly("calls to Kinopoisk meanwhile", len(service.calls()) - calls, 0),
            kept(service),
            Figure("without a restart", "within 5 minutes: worker.jobs.projection runs by the clock"),
        ],
    )
