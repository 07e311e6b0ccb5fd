"""A page of what a user has collected, the newest first: favourites, hidden films."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import Response
from sqlalchemy import Column, Select, bindparam, tuple_

from api.answers import json_if_changed
from api.cursors import from_cursor, to_cursor
from api.errors import BadCursor
from api.identity import Asker, with_session


class Collected:
    """Rows to page through, the column that says when each was added (of a table with user_id), and how one is told."""

    def __init__(self, items: Select[Any], added: Column[datetime], as_json: Callable[[Any], str]) -> None:
        film, mine = added.table.c.kinopoisk_id, added.table.c.user_id == bindparam("user_id")
        newest = items.where(mine).order_by(added.desc(), film.desc()).limit(bindparam("most"))
        behind = tuple_(added, film) < tuple_(bindparam("moment", type_=added.type), bindparam("kinopoisk_id"))
        self.first, self.further = with_session(newest), with_session(newest.where(behind))
        self.added, self.as_json = added.name, as_json


async def newest_first(asker: Asker, collected: Collected, limit: int, cursor: str | None) -> Response:
    """`limit` items after the cursor, and the cursor behind them if there are more. Raises BadCursor, Unauthorized."""
    if cursor is None:
        rows = await asker.rows(collected.first, most=limit + 1)
    else:
        moment, kinopoisk_id = await place_of(cursor, asker)
        rows = await asker.rows(collected.further, most=limit + 1, moment=moment, kinopoisk_id=kinopoisk_id)
    shown = [row for row in rows[:limit] if row["kinopoisk_id"] is not None]
    next_cursor = (
        f'"{to_cursor(shown[-1][collected.added], shown[-1]["kinopoisk_id"])}"' if len(rows) > limit else "null"
    )
    body = f'{{"items":[{",".join(map(collected.as_json, shown))}],"next_cursor":{next_cursor}}}'
    return json_if_changed(body.encode(), asker.scope)


async def place_of(cursor: str, asker: Asker) -> tuple[datetime, int]:
    """Where the page begins. Raises BadCursor, or Unauthorized: who has no open session is told that first."""
    try:
        return from_cursor(cursor)
    except BadCursor:
        await asker.identity()
        raise
