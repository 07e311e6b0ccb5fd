"""Whoever collects metrics and errors may be dead from the start: the service serves as if they were there."""

from contextlib import closing

import httpx

from dev.ports import LOOPBACK, free_port
from e2e.service import running_service
from e2e.traffic import Traffic

NOBODY = "statsd.invalid"  # a name that never leads anywhere (RFC 6761)


def test_the_service_starts_and_serves_without_statsd_graphite_and_sentry() -> None:
    nowhere = f"http://key@{LOOPBACK}:{free_port()}/1"
    with running_service(STATSD__HOST=NOBODY, SENTRY__DSN=nowhere) as service, Traffic(service.url) as traffic:
        traffic.demo()
        traffic.round()
        with closing(httpx.Client(base_url=service.url, trust_env=False)) as http:
            assert http.get("/health/ready").status_code == 200
            headers = traffic.login("demo.anna")
            favourites = http.get("/profile", headers=headers).json()["favorites"]
            assert favourites["ready"] == favourites["total"] > 0
