"""Statements that asyncpg runs itself."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import Integer, bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.prepared import Prepared

SUM = Prepared(select((bindparam("a", type_=Integer) + bindparam("b", 2, type_=Integer)).label("sum")))


@pytest.fixture
async def connection(database: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    async with database.connect() as pooled:
        yield (await pooled.get_raw_connection()).driver_connection


@pytest.mark.parametrize(("values", "expected"), [({"a": 1}, 3), ({"a": 1, "b": 4}, 5)])
async def test_what_the_statement_gives_need_not_be_given(
    connection: asyncpg.Connection, values: dict[str, int], expected: int
) -> None:
    assert [row.sum for row in await SUM.rows(connection, **values)] == [expected]


async def test_a_value_that_is_missing_is_an_error(connection: asyncpg.Connection) -> None:
    with pytest.raises(KeyError):
        await SUM.rows(connection, b=1)


async def test_a_column_that_is_none_is_an_attribute_error(connection: asyncpg.Connection) -> None:
    row = await SUM.row(connection, a=1)
    with pytest.raises(AttributeError):
        _ = row.product
