"""Health."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.testing import Servers
from shared.schema import REVISION
from tests.client import Service


async def test_a_process_that_answers_lives(service: Service) -> None:
    assert (await service.http.get("/health/live")).json() == {"status": "ok"}


async def test_with_database_and_schema_it_is_ready(service: Service) -> None:
    assert (await service.http.get("/health/ready")).status_code == 200


@pytest.mark.parametrize(("revision", "status"), [("2020_01_01_older", 503), ("9999_01_01_newer", 200)])
async def test_behind_the_schema_it_is_not_ready_and_ahead_it_is(
    service: Service, database: AsyncEngine, revision: str, status: int
) -> None:
    async with database.connect() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        try:
            answer = await service.http.get("/health/ready")
        finally:
            await connection.execute(text("UPDATE alembic_version SET version_num = :today"), {"today": REVISION})
    assert answer.status_code == status


@pytest.mark.parametrize(("path", "status"), [("/health/ready", 503), ("/health/live", 200)])
async def test_without_postgresql_it_lives_but_is_not_ready(
    service: Service, servers: Servers, path: str, status: int
) -> None:
    servers.postgres.stop()
    try:
        assert (await service.http.get(path)).status_code == status
    finally:
        servers.postgres.start()


async def test_without_redis_it_is_ready(service: Service, servers: Servers) -> None:
    servers.redis.stop()
    try:
        assert (await service.http.get("/health/ready")).status_code == 200
    finally:
        servers.redis.start()
