"""Every route crashes, and a job too, with all secrets in the exception: none of them gets out, the request id does."""

import io
import json
import logging
import sys
import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

import httpx
import pytest
import structlog
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from api import errors
from api.identity import current_identity, optional_identity
from api.main import create_app
from api.routers import ROUTERS
from shared import logs, sentry
from shared.settings import Settings
from tests.client import Client, eventually, problem
from tests.conftest import KEY, SECRET
from tests.infra.ingest import Ingest, running_ingest
from tests.worker_process import Worker

PASSWORD = "Schwanensee-1877"
COOKIE = "visitor-7f3a9c51"
DATABASE = "postgresql://kino:Nussknacker@database.test:5432/kino"
WORDS = "лебединое озеро"
# What a request of ours may hold, by the name of its field.
SENT = {
    "username": "tschaikowski",
    "password": PASSWORD,
    "current_password": PASSWORD,
    "new_password": PASSWORD,
    "kinopoisk_id": 301,
}


class Call(NamedTuple):
    """A route as anybody may call it, by which name it is told, and whether it looks who asks."""

    method: str
    path: str
    route: str | None = None
    knows_who: bool = False
    body: dict[str, Any] | None = None


def calls() -> Iterator[Call]:
    """Of every route there is."""
    for route in chain(*(router.routes for router in ROUTERS), APP.routes):
        if isinstance(route, Mount):
            yield Call("GET", route.path)
        elif isinstance(route, APIRoute):
            for method in sorted(route.methods or ()):
                yield Call(method, route.path, route.path, knows_who(route.dependant), body_of(method, route.path))
        elif isinstance(route, Route):
            yield Call("GET", route.path)


def knows_who(dependant: Dependant) -> bool:
    """Before the call itself begins."""
    asks = dependant.call in {current_identity, optional_identity}
    return asks or any(knows_who(part) for part in dependant.dependencies)


def body_of(method: str, path: str) -> dict[str, Any] | None:
    """All fields that a call takes, of the names in SENT."""
    content = OPENAPI["paths"].get(path, {}).get(method.lower(), {}).get("requestBody", {}).get("content")
    if not content:
        return None
    schema = content["application/json"]["schema"]
    if "$ref" in schema:
        schema = OPENAPI["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return {name: SENT[name] for name in schema["properties"]}


def settings_of_nothing() -> Settings:
    """An app can be made of them; it is never started."""
    keys = [{"id": "test", "secret": SECRET}]
    nowhere = {"postgres": {"url": "postgresql://h/d"}, "redis": {"url": "redis://h"}, "kinopoisk": {"api_key": KEY}}
    return Settings.model_validate({"auth": {"jwt_keys": keys}, **nowhere})


APP = create_app(settings_of_nothing())
OPENAPI = APP.openapi()
CALLS = {f"{call.method} {call.path}": call for call in calls()}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What this process logs meanwhile, as in production."""
    configured, handlers, written = structlog.get_config(), logging.root.handlers[:], io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", written)
        logs.configure("api", "json", "debug")
    yield written
    structlog.configure(**configured)
    logging.root.handlers[:] = handlers


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    """A Sentry that is told no secret to look for."""
    sentry.close()
    with running_ingest() as ingest:
        sentry.start(ingest.dsn, "api", "kinoshelf@9")
        yield ingest
        sentry.close()


def crashing(monkeypatch: pytest.MonkeyPatch, kind: type[Exception], secrets: list[str]) -> None:
    """Whatever a route calls raises this, with all of them in its text, its cause's and a note."""

    def crash(*_: Any, **__: Any) -> Any:
        text = f"refused: {' '.join(secrets)}"
        try:
            raise ValueError(text)
        except ValueError as cause:
            error = kind(text)
            error.add_note(text)
            raise error from cause

    async def crash_later(*_: Any, **__: Any) -> Any:
        crash()

    monkeypatch.setattr("fastapi.routing.run_endpoint_function", crash_later)
    monkeypatch.setattr("api.quick_route.QuickRoute.handle", crash_later)
    monkeypatch.setattr("api.app.API.openapi", crash)
    monkeypatch.setattr("starlette.staticfiles.StaticFiles.get_response", crash_later)


async def send(anna: Client, call: Call) -> httpx.Response:
    """With a secret wherever one can stand."""
    path = call.path.replace("{kinopoisk_id}", "301").replace("{session_id}", str(uuid.UUID(int=1)))
    return await anna.send(
        call.method,
        path.replace("assets", "assets/swagger-ui.css"),
        params={"query": WORDS, "token": anna.token},
        json=call.body,
        headers={"Cookie": f"session={COOKIE}", "X-API-KEY": KEY},
    )


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(("kind", "expected"), [(RuntimeError, errors.InternalError), (OSError, errors.Unavailable)])
async def test_a_crash_tells_no_secret(
    anna: Client,
    ingest: Ingest,
    written: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    kind: type[Exception],
    expected: type[errors.Problem],
) -> None:
    call, profile = CALLS[name], (await anna.get("/profile")).json()
    secrets = [PASSWORD, COOKIE, DATABASE, "Nussknacker", WORDS, json.dumps(WORDS)[1:-1], KEY, anna.token]
    crashing(monkeypatch, kind, secrets)
    answer = await send(anna, call)
    sentry.close()
    request_id = problem(answer, expected.status, expected.code)["request_id"]
    [event] = ingest.events
    assert (event["tags"]["request_id"], event["tags"].get("route")) == (request_id, call.route)
    assert event.get("user") == ({"id": profile["id"]} if call.knows_who else None)
    lines = [line for line in written.getvalue().splitlines() if request_id in line]
    assert {"request_finished", "request_crashed" if kind is RuntimeError else "database_unavailable"} <= {
        json.loads(line)["event"] for line in lines
    }
    told = [answer.text, str(answer.headers), written.getvalue(), *map(bytes.decode, ingest.envelopes)]
    assert not [secret for secret in secrets for text in told if secret in text]


@pytest.mark.usefixtures("database")
async def test_a_job_that_crashes_tells_no_secret(
    settings: Settings, ingest: Ingest, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = [PASSWORD, COOKIE, DATABASE, "Nussknacker", KEY]

    async def reconcile_films(_: Any) -> None:
        raise RuntimeError(f"refused: {' '.join(secrets)}") from ValueError(secrets)

    async def reported() -> bool:
        return bool(ingest.events)

    monkeypatch.setattr("worker.alarm.reconcile_films", reconcile_films)
    async with Worker.running(settings):
        await eventually(reported)
    told = [written.getvalue(), *map(bytes.decode, ingest.envelopes)]
    assert {"job_crashed", "job_finished"} <= {json.loads(line)["event"] for line in written.getvalue().splitlines()}
    assert not [secret for secret in secrets for text in told if secret in text]
