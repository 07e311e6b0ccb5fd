"""Errors of the real processes in a real server: they arrive, say where they come from, and hold no secret."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from dev.launcher import SANDBOX_KEY
from dev.ports import LOOPBACK
from dev.postgres_cluster import NAME
from e2e.bugsink import Bugsink, running_bugsink
from e2e.service import RunningService, running_service
from e2e.test_graphite import until
from shared.version import RELEASE

PATIENCE_SECONDS = 60
PASSWORD = "Schwanensee-1877"
COOKIE = "visitor-7f3a9c51"
WORDS = "nussknacker"
REFUSED = "upstream-key-refused"


@dataclass
class Troubled:
    """A service that has had trouble of every kind, and what Bugsink has of it."""

    bugsink: Bugsink
    service: RunningService
    http: httpx.Client
    headers: dict[str, str] = field(default_factory=dict)
    user_id: str = ""
    crashed: list[httpx.Response] = field(default_factory=list)

    def log_in(self) -> None:
        who = {"username": "peter", "password": PASSWORD}
        self.user_id = self.http.post("/register", json=who).json()["id"]
        token = self.http.post("/login", json=who).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}", "Cookie": f"session={COOKIE}"}

    def refuse_the_key(self) -> None:
        """The API meets it, then the worker, then both again and again."""
        fault = {"kind": "status", "status": 401}
        assert httpx.post(f"{self.service.sandbox_url}/sandbox/faults", json=fault, trust_env=False).is_success
        for film in range(41519, 41524):
            assert self.http.get(f"/movies/{film}", headers=self.headers).status_code == 503
            self.sql("DELETE FROM upstream_gate")
            self.add(film)
            self.until(lambda: self.sql("SELECT reason FROM upstream_gate") == "refused")
            self.sql("DELETE FROM upstream_gate")
        assert httpx.delete(f"{self.service.sandbox_url}/sandbox/faults", trust_env=False).is_success

    def add(self, film: int) -> None:
        assert self.http.post("/movies/favorites", json={"kinopoisk_id": film}, headers=self.headers).is_success

    def break_the_api(self) -> None:
        self.sql("ALTER TABLE favourite RENAME added_at TO added")
        for _ in range(3):
            query = {"query": WORDS, "token": self.headers["Authorization"]}
            self.crashed.append(self.http.get("/movies/favorites", params=query, headers=self.headers))
        self.sql("ALTER TABLE favourite RENAME added TO added_at")

    def break_the_worker(self) -> None:
        self.sql("ALTER TABLE recommender_model RENAME TO model")
        self.until(lambda: any("job" in event["tags"] for event in self.bugsink.events()))
        self.sql("ALTER TABLE model RENAME TO recommender_model")

    def sql(self, statement: str) -> Any:
        """The first value of the answer, if it has any."""
        password = (self.service.data / "postgres-password").read_text().strip()
        port = re.search(r"^PostgreSQL \S+ on port (\d+)", self.service.log.read_text(), re.MULTILINE)
        assert port

        async def run() -> Any:
            connection = await asyncpg.connect(f"postgresql://{NAME}:{password}@{LOOPBACK}:{port[1]}/{NAME}")
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        return asyncio.run(run())

    def until(self, condition: Callable[[], bool]) -> None:
        assert until(condition, PATIENCE_SECONDS)

    def secrets(self) -> set[str]:
        """What nobody may read there: of the person, and of the service."""
        kept = {
            file.read_text().strip() for name in ("*-secret", "*-password") for file in self.service.data.glob(name)
        }
        assert len(kept) >= 2
        token = self.headers["Authorization"].removeprefix("Bearer ")
        return kept | {PASSWORD, COOKIE, WORDS, SANDBOX_KEY, token, token.rpartition(".")[2], "$argon2", "peter"}


@pytest.fixture(scope="module")
def troubled() -> Iterator[Troubled]:
    with (
        tempfile.TemporaryDirectory(prefix="kinoshelf-e2e-") as folder,
        running_bugsink(Path(folder)) as bugsink,
        running_service(SENTRY__DSN=bugsink.dsn, SENTRY__ENVIRONMENT="e2e", CATALOGUE__ENABLED="false") as service,
        httpx.Client(base_url=service.url, timeout=20, trust_env=False) as http,
    ):
        troubled = Troubled(bugsink, service, http)
        troubled.log_in()
        troubled.refuse_the_key()
        troubled.break_the_api()
        troubled.break_the_worker()
        troubled.until(lambda: {"api", "worker"} <= {event["tags"]["service"] for event in events(troubled, REFUSED)})
        troubled.until(lambda: bool(of_the_crash(troubled)))
        yield troubled


def events(troubled: Troubled, code: str) -> list[dict[str, Any]]:
    return [event for event in troubled.bugsink.events() if event["tags"].get("code") == code]


def of_the_crash(troubled: Troubled) -> list[dict[str, Any]]:
    return [event for event in troubled.bugsink.events() if event["tags"].get("route") == "/movies/favorites"]


def test_every_event_says_where_it_comes_from(troubled: Troubled) -> None:
    told = [(event["environment"], event["release"]) for event in troubled.bugsink.events()]
    assert set(told) == {("e2e", RELEASE)}


def test_a_crash_of_the_api_is_found_by_the_id_of_the_answer(troubled: Troubled) -> None:
    first = troubled.crashed[0]
    assert (first.status_code, first.json()["code"]) == (500, "internal-error")
    [event] = of_the_crash(troubled)
    assert event["tags"]["request_id"] == first.headers["x-request-id"] == first.json()["request_id"]
    assert event["tags"]["operation"] == "list_favourites"


def test_a_crash_says_who_asked_by_id_and_by_nothing_else(troubled: Troubled) -> None:
    [event] = of_the_crash(troubled)
    assert event["user"] == {"id": troubled.user_id}


def test_a_crash_says_what_was_raised_where(troubled: Troubled) -> None:
    [event] = of_the_crash(troubled)
    raised = event["exception"]["values"][-1]
    assert raised["type"] == "UndefinedColumnError"
    assert re.fullmatch(r"in \w+, api/queries/\w+\.py:\d+", raised["value"])


def test_a_crash_of_a_job_says_which(troubled: Troubled) -> None:
    crashed = [event for event in troubled.bugsink.events() if "job" in event["tags"]]
    assert {event["tags"]["job"] for event in crashed} <= {"keep_trend", "rebuild_all"}
    assert {event["tags"]["service"] for event in crashed} == {"worker"}


def test_the_same_refusal_of_two_processes_is_one_issue_and_two_events(troubled: Troubled) -> None:
    """Ten calls were refused; each process tells it once a minute."""
    told = events(troubled, REFUSED)
    assert len({event["issue"] for event in told}) == 1
    assert sorted({event["tags"]["service"] for event in told}) == ["api", "worker"]
    assert len(told) < 10


def test_no_secret_is_stored_there(troubled: Troubled) -> None:
    everything, told = troubled.bugsink.everything(), repr(troubled.bugsink.events())
    assert RELEASE.encode() in everything
    assert not [secret for secret in troubled.secrets() if secret in told or secret.encode() in everything]
