"""A page of what a user has collected, the newest first: favourites, hidden films."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from fastapi import Response
from sqlalchemy import Column, Row, Select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from api.answers import json_bytes
from api.cursors import from_cursor, to_cursor


class Collected(NamedTuple):
    """Rows to page through, the column that says when each was added (of a table with user_id), and how one is told."""

    items: Select[tuple[Any, ...]]
    added: Column[datetime]
    as_json: Callable[[Row[tuple[Any, ...]]], str]


async def newest_first(
    engine: AsyncEngine, collected: Collected, user_id: uuid.UUID, limit: int, cursor: str | None
) -> Response:
    """`limit` items after the cursor, and the cursor behind them if there are more. Raises BadCursor."""
    added, of = collected.added, collected.added.table.c
    page = collected.items.where(of.user_id == user_id).order_by(added.desc(), of.kinopoisk_id.desc()).limit(limit + 1)
    if cursor is not None:
        page = page.where(tuple_(added, of.kinopoisk_id) < from_cursor(cursor))
    async with engine.connect() as connection:
        rows = (await connection.execute(page)).all()
    shown, more = rows[:limit], len(rows) > limit
    next_cursor = f'"{to_cursor(getattr(shown[-1], added.name), shown[-1].kinopoisk_id)}"' if more else "null"
    return json_bytes(f'{{"items":[{",".join(map(collected.as_json, shown))}],"next_cursor":{next_cursor}}}'.encode())
