"""Sentry, seen from its server: what arrives there, and above all what does not."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sentry_sdk
from pydantic import BaseModel, SecretStr
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.contextvars import bound_contextvars

import api.__main__ as api_process
import worker.__main__ as worker_process
from api.passwords import Passwords
from shared import sentry
from shared.settings import Settings, secret_values
from shared.wiring import start_sentry
from tests.client import Service, eventually
from tests.conftest import changed
from tests.infra.conftest import bare_environment, taken_port
from tests.infra.ingest import Ingest, running_ingest
from tests.worker_process import Worker

ROOT = Path(__file__).parents[2]
CANARY = "kanarienvogel"
# Said by a person: nobody can know it as a secret.
WORDS = "лебединое озеро"
# Each letter of it is spelt otherwise somewhere: in an address, in a representation, in JSON.
ODD = "kana/r\"i\\e'n vögel@?"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    with running_ingest() as ingest:
        yield ingest


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """No other test finds a Sentry that is running."""
    sentry.close()
    yield
    sentry.close()
    assert not sentry_sdk.get_client().is_active()


@pytest.fixture
def started(ingest: Ingest) -> Ingest:
    sentry.start(ingest.dsn, "api", "kinoshelf@9", environment="test", secrets=[CANARY, ODD])
    return ingest


def sent(ingest: Ingest) -> dict[str, Any]:
    """The one event, once all that was to be sent is sent."""
    sentry.close()
    [event] = ingest.events
    return event


def crash(text: str = "told") -> Exception:
    """An exception that has been raised, with a canary beside it."""

    def fail(password: str) -> None:
        local = f"{password}-local"
        raise ValueError(text if local else "")

    try:
        fail(CANARY)
    except ValueError as error:
        return error
    raise AssertionError


async def test_an_alarm_arrives_without_waiting_for_the_end(started: Ingest) -> None:
    sentry.alarm("kinopoisk_quota", "The quota is used up")

    async def arrived() -> bool:
        return bool(started.events)

    await eventually(arrived)
    event = sent(started)
    assert (event["message"], event["level"]) == ("The quota is used up", "error")
    assert event["fingerprint"] == ["kinoshelf", "kinopoisk_quota"]


def test_an_event_says_where_it_comes_from(started: Ingest) -> None:
    sentry.alarm("kinopoisk_quota", "The quota is used up")
    event = sent(started)
    assert event["tags"] == {"service": "api", "code": "kinopoisk_quota"}
    assert (event["release"], event["environment"]) == ("kinoshelf@9", "test")


def test_an_alarm_that_is_repeated_is_told_once(started: Ingest) -> None:
    for _ in range(3):
        sentry.alarm("kinopoisk_quota", "until noon")
    sentry.alarm("kinopoisk_refused", "the key")
    sentry.close()
    assert [event["tags"]["code"] for event in started.events] == ["kinopoisk_quota", "kinopoisk_refused"]


def test_alarms_of_one_code_from_two_processes_are_one_issue(ingest: Ingest) -> None:
    for service in ("api", "worker"):
        sentry.start(ingest.dsn, service, "kinoshelf@9")
        sentry.alarm("kinopoisk_quota", f"said by the {service}")
        sentry.close()
    assert [event["fingerprint"] for event in ingest.events] == [["kinoshelf", "kinopoisk_quota"]] * 2


def test_an_error_that_is_repeated_is_told_once_for_each_place(started: Ingest) -> None:
    for _ in range(3):
        sentry.report(crash())
    sentry.report(ValueError("elsewhere"))
    sentry.close()
    assert len(started.events) == 2


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("no"),
        TimeoutError(),
        PoolTimeout(),
        DBAPIError("SELECT 1", {}, Exception(), connection_invalidated=True),
    ],
)
def test_a_database_that_is_away_is_one_issue_however_it_shows(started: Ingest, error: Exception) -> None:
    sentry.report(error, operation="get_profile")
    event = sent(started)
    assert event["fingerprint"] == ["kinoshelf", "database-away"]
    assert event["tags"]["operation"] == "get_profile"


def test_a_report_says_what_was_raised_where_and_not_why(started: Ingest) -> None:
    sentry.report(crash())
    [error] = sent(started)["exception"]["values"]
    frame = error["stacktrace"]["frames"][-1]
    assert (error["type"], frame["function"]) == ("ValueError", "fail")
    assert error["value"] == f"in fail, {frame['filename']}:{frame['lineno']}"


def test_what_a_library_raises_at_one_place_is_told_once_for_each_of_ours(started: Ingest) -> None:
    for module in ("api.one", "api.other", "api.one"):
        sentry.report(refused_in(module))
    sentry.close()
    assert len(started.events) == 2


def refused_in(module: str) -> Exception:
    """What a library raises when a module of that name calls it."""
    code = compile("UUID('none')", f"{module}.py", "exec")
    try:
        exec(code, {"__name__": module, "UUID": UUID})
    except ValueError as error:
        return error
    raise AssertionError


def test_where_a_library_raised_our_own_code_is_named(started: Ingest) -> None:
    try:
        BaseModel.model_validate(1)
    except Exception as error:
        sentry.report(error)
    assert sent(started)["exception"]["values"][-1]["value"].startswith("in test_where_a_library")


def test_a_cause_is_told_too(started: Ingest) -> None:
    try:
        raise RuntimeError("outer") from crash("inner")
    except RuntimeError as error:
        sentry.report(error)
    assert [each["type"] for each in sent(started)["exception"]["values"]] == ["ValueError", "RuntimeError"]


def test_an_exception_that_was_never_raised_is_told_too(started: Ingest) -> None:
    sentry.report(ValueError("never raised"))
    [error] = sent(started)["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", "")


@pytest.mark.parametrize(
    "tell", [lambda: sentry.alarm("code", "m"), lambda: sentry.report(crash())], ids=["alarm", "report"]
)
def test_an_event_says_whose_request_or_job_it_was(started: Ingest, tell: Callable[[], None]) -> None:
    with bound_contextvars(request_id="r-1", job="sweep", kinopoisk_id=301, user_id="u-1", words=WORDS):
        tell()
    event = sent(started)
    tags = {name: event["tags"].get(name) for name in ("request_id", "job", "kinopoisk_id", "words")}
    assert tags == {"request_id": "r-1", "job": "sweep", "kinopoisk_id": "301", "words": None}
    assert event["user"] == {"id": "u-1"}


def test_what_belongs_to_one_request_is_on_no_other_event(started: Ingest) -> None:
    with bound_contextvars(request_id="r-1", user_id="u-1"):
        sentry.alarm("first", "m")
    sentry.alarm("second", "m")
    sentry.close()
    assert started.events[1]["tags"] == {"service": "api", "code": "second"}
    assert "user" not in started.events[1]


LEAKS: dict[str, Callable[[], object]] = {
    "a local variable": lambda: sentry.report(crash()),
    "the text of an exception": lambda: sentry.report(crash(f"refused: {CANARY}")),
    "the text of a cause": lambda: sentry.report(ExceptionGroup("several", [crash(CANARY), crash("other")])),
    "a note": lambda: sentry.report(noted(crash())),
    "an alarm": lambda: sentry.alarm("code", f"refused: {CANARY}"),
    "a breadcrumb": lambda: sentry_sdk.add_breadcrumb(message=CANARY, data={"url": CANARY}, category=CANARY),
    "the data of a breadcrumb": lambda: sentry_sdk.add_breadcrumb(
        message="called", data={"password": ODD, "x": CANARY}
    ),
    "a tag": lambda: sentry_sdk.set_tag(CANARY, CANARY),
    "a context": lambda: sentry_sdk.set_context("request", {"headers": {CANARY: CANARY}}),
    "an extra": lambda: sentry_sdk.set_extra("password", [CANARY]),
    "a user": lambda: sentry_sdk.set_user({"username": CANARY}),
    "a log line": lambda: logging.getLogger("library").error("refused: %s", CANARY),
    "a request": lambda: sentry_sdk.capture_event({"request": {"data": CANARY, "url": CANARY}, "message": "m"}),
    "variables that somebody put in": lambda: sentry_sdk.capture_event(with_variables(CANARY)),
}


CARRIED: dict[str, Callable[[], object]] = {
    "a breadcrumb": lambda: sentry_sdk.add_breadcrumb(message="called", data={"url": WORDS}),
    "a context": lambda: sentry_sdk.set_context("search", {"words": WORDS}),
    "an extra": lambda: sentry_sdk.set_extra("words", WORDS),
    "a user": lambda: sentry_sdk.set_user({"username": WORDS}),
    "a request": lambda: sentry_sdk.capture_event({"request": {"query_string": WORDS}, "message": "m"}),
    "variables": lambda: sentry_sdk.capture_event(with_variables(WORDS)),
    "a log line": lambda: logging.getLogger("library").error("asked: %s", WORDS),
}


def noted(error: Exception) -> Exception:
    error.add_note(CANARY)
    return error


def with_variables(value: str) -> Any:
    frames = [{"function": "f", "vars": {"x": value}}]
    return {"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}}


@pytest.mark.parametrize("leak", LEAKS)
def test_no_secret_leaves_in(started: Ingest, leak: str) -> None:
    assert not [envelope for envelope in after(started, LEAKS[leak]) if CANARY in envelope]


@pytest.mark.parametrize("carrier", CARRIED)
def test_what_people_said_does_not_leave_in(started: Ingest, carrier: str) -> None:
    spellings = (WORDS, json.dumps(WORDS)[1:-1])
    envelopes = after(started, CARRIED[carrier])
    assert not [envelope for envelope in envelopes for spelling in spellings if spelling in envelope]


def after(ingest: Ingest, leak: Callable[[], object]) -> list[str]:
    """All that was sent then; an alarm at the end takes along what was only put beside."""
    with sentry_sdk.isolation_scope():
        leak()
        sentry.alarm("last", "after all that")
        sentry.close()
    assert ingest.events[-1]["fingerprint"] == ["kinoshelf", "last"]
    return [envelope.decode() for envelope in ingest.envelopes]


@pytest.mark.parametrize("text", [ODD, repr(ODD), "kana%2Fr%22i%5Ce%27n%20v%C3%B6gel%40%3F"])
def test_no_spelling_of_a_secret_leaves(started: Ingest, text: str) -> None:
    sentry.alarm("code", f"refused: {text}.")
    assert sent(started)["message"].replace('"', "").replace("'", "") == "refused: [secret]."


def test_no_other_spelling_than_that_of_the_settings_leaves(ingest: Ingest) -> None:
    sentry.start(ingest.dsn, "api", "kinoshelf@9", secrets=["kana%2Fvogel"])
    sentry.alarm("code", "refused: kana/vogel")
    assert sent(ingest)["message"] == "refused: [secret]"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Bearer {TOKEN} expired", "Bearer [secret] expired"),
        ("postgresql://kino:unknown@db:5432/kino", "postgresql://[secret]@db:5432/kino"),
        ("GET https://k.test/films?keyword=love&page=1 failed", "GET https://k.test/films?[secret] failed"),
        ("hash $argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA", "hash [secret]"),
        ("Why? Because a=b, at 12:30 @home://", "Why? Because a=b, at 12:30 @home://"),
    ],
)
def test_what_looks_like_a_secret_does_not_leave(started: Ingest, text: str, left: str) -> None:
    sentry.alarm("code", text)
    assert sent(started)["message"] == left


@pytest.mark.parametrize("text", ["eyJ-" * 50_000, "?" * 200_000, "://" * 70_000, "eyJa." * 40_000, "a" * 200_000])
def test_no_text_is_dear_to_clean(started: Ingest, text: str) -> None:
    began = time.perf_counter()
    sentry.alarm("code", text)
    assert time.perf_counter() - began < 10  # in a time that grows with the square it would be minutes


def test_no_secret_of_the_settings_leaves(settings: Settings, ingest: Ingest) -> None:
    filled = changed(settings, sentry={"dsn": SecretStr(ingest.dsn)})
    start_sentry(filled, "worker")
    secrets = secret_values(filled)
    sentry.report(crash(f"{secrets} {filled!r}"))
    sentry.close()
    assert ingest.events[0]["tags"] == {"service": "worker"}
    assert len(secrets) >= 6
    assert not [secret for secret in secrets if secret.encode() in b"".join(ingest.envelopes)]


def test_a_short_secret_spoils_no_event(ingest: Ingest) -> None:
    sentry.start(ingest.dsn, "api", "kinoshelf@9", secrets=["", "e", "error", "kinoshelf", "values"])
    sentry.alarm("code", "an even error")
    event = sent(ingest)
    assert (event["level"], event["message"], event["release"]) == ("error", "an even [secret]", "kinoshelf@9")


def test_without_a_dsn_nothing_is_sent(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", ingest.dsn)
    sentry.start(None, "api", "kinoshelf@9")
    sentry.alarm("code", "nobody listens")
    sentry.report(crash())
    sentry.close()
    assert not sentry_sdk.get_client().is_active()
    assert ingest.envelopes == []


def test_after_the_end_nothing_is_sent(started: Ingest) -> None:
    sentry.close()
    sentry.alarm("code", "too late")
    sentry.report(crash())
    sentry.close()
    assert started.envelopes == []


def test_without_a_dsn_the_sdk_is_not_even_imported() -> None:
    look = "import sys, api.main, worker.main; from shared import sentry; sentry.start(None, 'api', '1')"
    look += "; sentry.alarm('a', 'b'); sentry.close(); sys.exit('sentry_sdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, env=bare_environment(), check=False, timeout=60)
    assert done.returncode == 0


@pytest.mark.parametrize("listening", [True, False], ids=["silent", "refusing"])
def test_a_sentry_that_is_away_holds_nobody_up(listening: bool) -> None:
    with taken_port(listening=listening) as port:
        sentry.start(f"http://key@127.0.0.1:{port}/1", "api", "kinoshelf@9")
        began = time.perf_counter()
        for number in range(200):  # more than the queue of the SDK holds
            sentry.alarm(f"code-{number}", "m")
        sentry.report(crash())
        assert time.perf_counter() - began < 10  # each would wait for seconds
        sentry.close()
        assert time.perf_counter() - began < 10 + sentry.FLUSH_SECONDS


async def test_a_request_that_crashes_is_reported_without_what_was_sent(
    started: Ingest, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Passwords, password: str) -> str:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(Passwords, "hash", fail)
    answer = await service.http.post(
        f"/register?{CANARY}=1", json={"username": "anna", "password": CANARY}, headers={"Authorization": CANARY}
    )
    assert answer.status_code == 500
    event = sent(started)
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["tags"]["request_id"] == answer.headers["x-request-id"]
    assert (event["tags"]["operation"], event["tags"]["route"]) == ("register", "/register")
    assert not [envelope for envelope in started.envelopes if CANARY.encode() in envelope]


@pytest.mark.usefixtures("database")
async def test_a_job_that_fails_is_reported_by_the_worker(
    started: Ingest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reconcile_films(_: Any) -> None:
        raise RuntimeError("unforeseen")

    async def arrived() -> bool:
        return bool(started.events)

    monkeypatch.setattr("worker.alarm.reconcile_films", reconcile_films)
    async with Worker.running(settings):
        await eventually(arrived)
    event = sent(started)
    assert (event["exception"]["values"][-1]["type"], event["tags"]["job"]) == ("RuntimeError", "reconcile_films")


@pytest.mark.parametrize(("process", "work"), [(api_process, "check_first"), (worker_process, "run")])
def test_a_process_that_ends_by_an_error_reports_it(
    settings: Settings, ingest: Ingest, monkeypatch: pytest.MonkeyPatch, process: Any, work: str
) -> None:
    async def fail(_: Settings) -> None:
        raise RuntimeError("unforeseen")

    filled = changed(settings, sentry={"dsn": SecretStr(ingest.dsn)})
    monkeypatch.setattr(process, "load_settings", lambda: filled)
    monkeypatch.setattr(process.logs, "configure", lambda *_, **__: None)
    monkeypatch.setattr(process, work, fail)
    assert process.main() == 1
    [event] = ingest.events
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["tags"] == {"service": process.__name__.partition(".")[0]}
