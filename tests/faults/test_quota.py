"""The day's calls run out, again and again, while many films are waited for: no call too many, no attempt lost."""

import pytest

from bench.figures import at_most, exactly
from bench.people import films, new_users
from tests.faults.judgement import kept, show
from tests.faults.service import COMPRESSED, Service, running_service

pytestmark = pytest.mark.long

QUOTA, DAY_SECONDS = 40, 20
FILMS = 120
WAITING = "SELECT count(*) FROM film_sync WHERE status <> 'ready'"
WORN = "SELECT count(*) FROM film_sync WHERE status = 'failed' OR attempts > 1"


def test_a_backlog_of_three_days_is_worked_off_within_the_quota() -> None:
    settings = {"BUDGET__DAILY_LIMIT": str(QUOTA), "BUDGET__DAY_SECONDS": str(DAY_SECONDS)}
    with running_service(COMPRESSED | settings) as service:
        limits = {"quota": QUOTA, "window_seconds": DAY_SECONDS}
        service.background.wait(service.stack.upstream.settings(**limits))
        add_films(service)
        worn = 0

        def done() -> bool:
            nonlocal worn
            worn = max(worn, service.value(WORN))
            return not service.value(WAITING)

        seconds = service.until(done, 10 * DAY_SECONDS, "all films")
        log, rules = service.background.wait(service.stack.upstream.log()), kept(service)
    windows = [len(window) for window in log.windows(DAY_SECONDS)]
    show(
        "quota",
        [
            at_most(f"days of {DAY_SECONDS} s until {FILMS} films were ready", seconds / DAY_SECONDS, 7, ""),
            exactly(f"calls over the quota of {QUOTA}, by day {windows}", sum(max(w - QUOTA, 0) for w in windows), 0),
            exactly("films that lost an attempt to waiting", worn, 0),
            rules,
        ],
    )


def add_films(service: Service) -> None:
    ids = films()
    for user in service.background.wait(new_users(service.stack.address, 3)):
        for _ in range(FILMS // 3):
            service.background.wait(user.add(next(ids)))
        user.leave()
