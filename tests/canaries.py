"""A guard over the whole run: no secret in what a test prints or logs, measures, sends to Sentry, or gets as an error.

A plugin of pytest. Logs are written as in production, metrics really sent, and Sentry is on in every test. Whoever
starts a process of its own and reads what it says shows it to `tests.leaks.look`.
"""

import re
import socket
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

import httpx
import pytest
import sentry_sdk

from shared import logs, metrics, sentry
from tests.conftest import KEY, SECRET
from tests.infra.files import CANARY
from tests.infra.ingest import running_ingest
from tests.infra.test_metric_names import covers, documented
from tests.leaks import found, look

METRIC = re.compile(r"kinoshelf\.([A-Za-z0-9_.-]+):[+-]?[0-9.]+\|(c|g|ms)")
WAYS = {"c": "count", "g": "gauge", "ms": "timing"}

_collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
_collector.setblocking(False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "teardown":
        for title, written in report.sections:
            if not title.startswith("Captured log"):  # pytest's own way to write lines
                look(title, written)
        for packet in _packets():
            _look_at(packet)
        if found:
            report.outcome, report.longrepr = "failed", "\n".join(found)
            found.clear()
    return report


def pytest_unconfigure() -> None:
    _collector.close()


def _packets() -> Iterator[str]:
    """What was sent to StatsD since the last look."""
    with suppress(BlockingIOError):
        while True:
            yield _collector.recv(65_536).decode()


def _look_at(packet: str) -> None:
    look("a metric", packet)
    for line in packet.splitlines():
        metric = METRIC.fullmatch(line)
        if not metric or not _is_documented(metric[1], WAYS[metric[2]]):
            found.append(f"a metric that docs/metrics.md does not know: {line}")


@lru_cache(maxsize=1000)
def _is_documented(name: str, way: str) -> bool:
    return any(way == told and covers(row, name) for row, told in documented())


@pytest.fixture(scope="session", autouse=True)
def guard() -> Iterator[dict[str, str]]:
    """For the whole run; gives the variables by which a process of the service sends here."""
    _collector.bind(("127.0.0.1", 0))
    port = _collector.getsockname()[1]
    logs.configure("tests", "json", "debug", [SECRET, KEY, CANARY])
    sink = metrics.Statsd("127.0.0.1", port, "kinoshelf")
    sink._thread.name = "guard"  # tests of metrics count threads
    metrics.turn_to(sink)
    with running_ingest() as ingest, pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.AsyncClient, "send", _looked_at(httpx.AsyncClient.send))
        yield {
            "KINOSHELF__STATSD__HOST": "127.0.0.1",
            "KINOSHELF__STATSD__PORT": str(port),
            "KINOSHELF__SENTRY__DSN": ingest.dsn,
        }
        sentry.close()
    metrics.close()


@pytest.fixture(autouse=True)
def _sentry_is_on(guard: dict[str, str]) -> None:
    """No test before says that something was told already."""
    if not sentry_sdk.get_client().is_active():
        sentry.start(guard["KINOSHELF__SENTRY__DSN"], "tests", "kinoshelf@tests")
    sentry._seldom.forget()


def _looked_at(send: Callable[..., Awaitable[httpx.Response]]) -> Callable[..., Awaitable[httpx.Response]]:
    """Every client of a test; what comes in pieces is looked at by nobody."""

    async def send_and_look(client: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
        answer = await send(client, request, **options)
        if answer.status_code >= 400 and answer.is_closed:
            body = answer.text.replace(f'"instance":"{request.url.path}"', "")  # an address is told as it was asked for
            look(f"the answer {answer.status_code} to {request.url.path}", f"{answer.headers} {body}")
        return answer

    return send_and_look
