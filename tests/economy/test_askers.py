"""Calls for somebody whose account is being deleted: they are made, and are nobody's."""

import asyncio
import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment.upstream import Upstream
from shared.upstream import access
from tests.client import eventually
from tests.economy.conftest import Sql

pytestmark = pytest.mark.usefixtures("alarms")

ACCOUNT = "INSERT INTO user_account (id, username, username_folded, password_hash) VALUES (:id, 'a', 'a', 'none')"
ASKERS = "SELECT array_agg(user_id ORDER BY id) FROM upstream_call"


async def test_who_asks_is_written_down(upstream: Upstream, sql: Sql) -> None:
    user_id = uuid.uuid4()
    await sql(ACCOUNT, id=user_id)
    await access.one_list(upstream.access, user_id)
    assert await sql(ASKERS) == [user_id]


async def test_a_call_of_somebody_who_is_gone_is_nobodys(upstream: Upstream, sql: Sql) -> None:
    await access.one_list(upstream.access, uuid.uuid4())
    assert await sql(ASKERS) == [None]


async def test_a_deletion_under_way_holds_up_nobody_else(upstream: Upstream, sql: Sql, database: AsyncEngine) -> None:
    user_id = uuid.uuid4()
    await sql(ACCOUNT, id=user_id)
    async with database.connect() as plain:
        deleting = await plain.execution_options(isolation_level="READ COMMITTED")
        await deleting.execute(text("DELETE FROM user_account"))
        waiting = asyncio.create_task(access.one_list(upstream.access, user_id))

        async def waits() -> bool:
            return bool(await sql("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

        await eventually(waits)
        await access.one_list(upstream.access, None)
        assert not waiting.done()
        await deleting.commit()
    await waiting
    assert await sql(ASKERS) == [None, None]
