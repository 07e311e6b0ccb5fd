"""A new release comes: each process is asked to stop (SIGTERM) and started again, one after the other."""

import pytest

from bench.figures import at_most, exactly
from tests.faults.crowd import people_at_work
from tests.faults.judgement import judged, show
from tests.faults.service import APIS, WORKERS, Service

pytestmark = pytest.mark.long

ROUNDS = 3
API_SECONDS, WORKER_SECONDS = 10, 30
UPSTREAM_SECONDS = 1.0


def test_a_rolling_deploy_fails_no_request_and_cuts_no_fetch(service: Service) -> None:
    service.background.wait(service.stack.upstream.answer_after(UPSTREAM_SECONDS))
    stops: dict[str, list[tuple[int, float]]] = {}
    with people_at_work(service, people=4, a_second=40, seconds=60) as crowd:
        for part in (*APIS, *WORKERS) * ROUNDS:
            stops.setdefault(part, []).append(service.terminate(part))
            service.start(part)
    attempts = service.value("SELECT coalesce(max(claim_seq - 1), 0) FROM film_sync WHERE status = 'ready'")
    codes = [code for stopped in stops.values() for code, _ in stopped]
    show(
        "rolling deploy",
        [
            exactly(f"exit codes other than 0 (stops: {len(codes)})", sum(code != 0 for code in codes), 0),
            at_most("slowest stop of an API", max(_seconds(stops, APIS)), API_SECONDS, "s"),
            at_most("slowest stop of a worker, fetches taking 1 s", max(_seconds(stops, WORKERS)), WORKER_SECONDS, "s"),
            exactly("requests that neither API answered", crowd.book.failed, 0),
            exactly("fetches that were cut and done again", attempts, 0),
            *judged(service, crowd),
        ],
    )


def _seconds(stops: dict[str, list[tuple[int, float]]], parts: tuple[str, ...]) -> list[float]:
    return [seconds for part in parts for _, seconds in stops[part]]
