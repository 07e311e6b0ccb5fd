"""Health."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dev.testing import Servers
from tests.client import Service, problem


async def test_a_process_that_answers_lives(service: Service) -> None:
    assert (await service.http.get("/health/live")).json() == {"status": "ok"}


async def test_with_database_and_schema_it_is_ready(service: Service) -> None:
    assert (await service.http.get("/health/ready")).status_code == 200


async def test_behind_the_schema_it_is_not_ready(service: Service, database: AsyncEngine) -> None:
    async with database.connect() as connection:
        revision = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        await connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
        answer = await service.http.get("/health/ready")
        await connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    problem(answer, 503, "unavailable")


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
