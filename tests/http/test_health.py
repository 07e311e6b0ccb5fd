"""Health."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import readiness, shapes
from dev.testing import Servers
from shared import wiring
from shared.live_workers import KEY, SILENCE_SECONDS, LiveWorkers
from shared.schema import REVISION, check_schema
from shared.settings import Settings
from tests.client import Service, eventually, problem
from tests.conftest import Serve
from tests.worker_process import Worker


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 0)


async def ready(service: Service) -> dict[str, Any]:
    answer = await service.http.get("/health/ready")
    assert answer.status_code == 200, answer.text
    shapes.Readiness.model_validate_json(answer.content)
    return dict(answer.json())


async def test_a_process_that_answers_lives(service: Service) -> None:
    assert (await service.http.get("/health/live")).json() == {"status": "ok"}


async def test_with_database_redis_and_worker_all_is_well(service: Service, worker: Worker) -> None:
    async def well() -> bool:
        return bool((await ready(service))["status"] == "ok")

    await eventually(well)
    assert await ready(service) == {"status": "ok", "postgres": "ok", "redis": "ok", "worker": "ok", "workers": 1}


async def test_each_worker_is_counted(service: Service, worker: Worker, settings: Settings) -> None:
    async def both() -> bool:
        return bool((await ready(service))["workers"] == 2)

    async with Worker.running(settings):
        await eventually(both)


async def test_without_a_worker_it_is_ready_but_degraded(service: Service) -> None:
    assert await ready(service) == {
        "status": "degraded",
        "postgres": "ok",
        "redis": "ok",
        "worker": "missing",
        "workers": 0,
    }


async def test_a_worker_that_died_is_missing_after_a_while(service: Service, settings: Settings) -> None:
    redis = wiring.patient_redis(settings)
    await LiveWorkers(redis).beat("dead")
    assert (await ready(service))["worker"] == "ok"
    await redis.call(lambda client: client.zincrby(KEY, -SILENCE_SECONDS, "dead"))
    assert (await ready(service))["worker"] == "missing"
    await redis.close()


async def test_without_redis_it_is_ready_and_nobody_knows_of_workers(serve: Serve) -> None:
    without = await serve(redis={"url": SecretStr("redis://127.0.0.1:1")})
    assert await ready(without) == {
        "status": "degraded",
        "postgres": "ok",
        "redis": "away",
        "worker": "unknown",
        "workers": None,
    }


async def test_a_frozen_redis_is_waited_for_no_longer_than_a_probe(service: Service, servers: Servers) -> None:
    servers.redis.pause()
    try:
        async with asyncio.timeout(readiness.PROBE_SECONDS + 2):  # its own time-out is 5 seconds here
            assert (await ready(service))["redis"] == "away"
    finally:
        servers.redis.resume()


async def set_revision(database: AsyncEngine, revision: str) -> None:
    async with database.connect() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


@pytest.mark.parametrize(("revision", "status"), [("2020_01_01_older", 503), ("9999_01_01_newer", 200)])
async def test_behind_the_schema_it_is_not_ready_and_ahead_it_is(
    service: Service, database: AsyncEngine, revision: str, status: int
) -> None:
    await set_revision(database, revision)
    try:
        answer = await service.http.get("/health/ready")
    finally:
        await set_revision(database, REVISION)
    assert answer.status_code == status


async def test_without_postgresql_it_lives(service: Service, servers: Servers) -> None:
    servers.postgres.stop()
    try:
        assert (await service.http.get("/health/live")).status_code == 200
    finally:
        servers.postgres.start()


async def test_without_postgresql_it_is_not_ready_and_says_when_to_ask_again(
    service: Service, servers: Servers
) -> None:
    servers.postgres.stop()
    try:
        answer = await service.http.get("/health/ready")
    finally:
        servers.postgres.start()
    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "5"


async def test_once_postgresql_is_back_it_is_ready(service: Service, servers: Servers) -> None:
    servers.postgres.stop()
    try:
        await service.http.get("/health/ready")
    finally:
        servers.postgres.start()
    assert (await ready(service))["postgres"] == "ok"


async def test_a_frozen_postgresql_is_waited_for_no_longer_than_a_probe(service: Service, servers: Servers) -> None:
    await ready(service)
    servers.postgres.pause()
    try:
        async with asyncio.timeout(readiness.PROBE_SECONDS + 2):  # a statement may take 5 seconds, a connection 3
            assert (await service.http.get("/health/ready")).status_code == 503
    finally:
        servers.postgres.resume()

    async def thawed() -> bool:
        return (await service.http.get("/health/ready")).status_code == 200

    await eventually(thawed)


async def test_all_connections_taken_is_no_reason_to_be_out_of_service(
    service: Service, database: AsyncEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await service.user("anna")
    await ready(service)
    async with database.connect() as connection, asyncio.TaskGroup() as waiting:
        await connection.execution_options(isolation_level="READ COMMITTED")
        await connection.execute(text("LOCK TABLE session"))
        for _ in range(settings.postgres.pool_size):
            waiting.create_task(anna.get("/profile"))
        await eventually(lambda: all_wait(database, settings.postgres.pool_size))
        assert (await ready(service))["postgres"] == "ok"
        await connection.rollback()


async def all_wait(database: AsyncEngine, connections: int) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name ~ 'api-read'"
    async with database.connect() as connection:
        return bool(await connection.scalar(text(waiting)) == connections)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An entry for each time PostgreSQL is asked."""
    asked: list[int] = []

    async def check(engine: AsyncEngine) -> None:
        asked.append(1)
        await check_schema(engine)

    monkeypatch.setattr(readiness, "check_schema", check)
    return asked


async def test_an_answer_is_kept(service: Service, asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "KEPT_SECONDS", 60)
    await ready(service)
    await ready(service)
    assert len(asked) == 1


async def test_who_asks_at_the_same_time_shares_one_look(service: Service, asked: list[int]) -> None:
    await asyncio.gather(*(ready(service) for _ in range(50)))
    assert len(asked) == 1
