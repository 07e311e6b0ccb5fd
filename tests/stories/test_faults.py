"""What users see while parts of the service are away, and that all of it heals without a hand."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from dev.sandbox.server import RunningSandbox
from dev.testing import Servers
from tests.client import Client, eventually
from tests.worker_process import Worker


async def test_upstream_that_comes_back_fills_what_waits(anna: Client, worker: Worker, sandbox: RunningSandbox) -> None:
    await sandbox.fault("html", status=503, times=2)
    await anna.add(301)
    await anna.until(301, "ready")


async def test_a_lost_wake_up_is_found_by_the_sweep(
    anna: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.wakeup.Waker.ring", lambda _: None)
    await anna.add(301)
    await anna.until(301, "ready")


@pytest.mark.parametrize("fault", ["stop", "pause"])
async def test_after_an_outage_of_redis_all_that_waits_becomes_ready(
    anna: Client, worker: Worker, servers: Servers, alarms: list[str], fault: str
) -> None:
    back = servers.redis.start if fault == "stop" else servers.redis.resume
    getattr(servers.redis, fault)()
    try:
        with capture_logs() as logged:
            await anna.add(301)
            await eventually(lambda: said(logged, "worker_redis_away"))
        assert "redis-away" in alarms
    finally:
        back()
    await anna.add(41519)
    await anna.until(301, "ready", seconds=20)
    await anna.until(41519, "ready", seconds=20)


async def said(logged: list[Any], event: str) -> bool:
    return event in [entry["event"] for entry in logged]


async def test_a_restart_of_postgresql_costs_no_request(anna: Client, worker: Worker, servers: Servers) -> None:
    await anna.add(301)
    servers.postgres.stop()
    servers.postgres.start()
    await asyncio.sleep(0.05)  # the servers were restarted without giving the event loop a turn
    assert (await anna.get("/profile")).status_code == 200
    assert (await anna.add(41519)).status_code == 202
    await anna.until(41519, "ready")


async def test_while_postgresql_is_away_a_503_says_when_to_come_back(anna: Client, servers: Servers) -> None:
    servers.postgres.stop()
    try:
        answer = await anna.add(301)
    finally:
        servers.postgres.start()
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "2")


async def test_a_stale_film_is_refreshed_in_the_background(
    anna: Client, worker: Worker, sandbox: RunningSandbox, database: AsyncEngine
) -> None:
    await anna.add(301)
    await anna.until(301, "ready")
    await sandbox.put_film(301, nameRu="Матрица снова")
    async with database.connect() as connection:
        await connection.execute(text("UPDATE film_sync SET next_attempt_at = now()"))

    async def renamed() -> bool:
        film = (await anna.item(301))["film"]
        return bool(film["name_ru"] == "Матрица снова")

    await eventually(renamed)
