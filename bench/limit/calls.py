"""What is asked all day, each call as its statements and the text made of their rows. The statements are the service's.

A call gives status and body. Only what is well asked is answered: this is a measure, no service.
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import asyncpg
import orjson

from api.commands.favourites import ADD, REMOVE
from api.commands.one_at_a_time import ALONE
from api.cursors import to_cursor
from api.films import extended, with_freshness
from api.identity import LOOK_UP
from api.lookups.stored import WANTED_BY_ASKER, WITH_FAVOURITES
from api.queries.favourites import FAVOURITES, ONE_ADDED, ONE_ASKED_FOR, as_json
from api.queries.recommendations import VERSIONS, unpacked
from api.tokens import Identity
from bench.limit.database import Parts
from shared.enrichment.search import STORED
from shared.enrichment.search_cache import search_key
from shared.recommendations import KEPT_LISTS
from shared.version import RELEASE


class Asked(NamedTuple):
    """A request: who sends it, its last part of the path as a number, its query string, its body."""

    parts: Parts
    identity: Identity
    number: int
    query: dict[str, str]
    body: bytes


Answer = tuple[int, bytes]
Call = Callable[[asyncpg.Connection, Asked], Awaitable[Answer]]
UNAUTHORIZED: Answer = (401, b"{}")


async def list_favourites(connection: asyncpg.Connection, asked: Asked) -> Answer:
    limit = int(asked.query.get("limit", "20"))
    rows = await FAVOURITES.first.rows(connection, **asked.identity._asdict(), most=limit + 1)
    if not rows:
        return UNAUTHORIZED
    shown = [row for row in rows[:limit] if row["kinopoisk_id"] is not None]
    cursor = f'"{to_cursor(shown[-1]["added_at"], shown[-1]["kinopoisk_id"])}"' if len(rows) > limit else "null"
    return 200, f'{{"items":[{",".join(map(as_json, shown))}],"next_cursor":{cursor}}}'.encode()


async def get_favourite(connection: asyncpg.Connection, asked: Asked) -> Answer:
    row = await ONE_ASKED_FOR.row(connection, **asked.identity._asdict(), kinopoisk_id=asked.number)
    return (200, as_json(row).encode()) if row else UNAUTHORIZED


async def add_favourite(connection: asyncpg.Connection, asked: Asked) -> Answer:
    film, (user_id, _) = orjson.loads(asked.body)["kinopoisk_id"], asked.identity
    async with connection.transaction():
        if not await ALONE.row(connection, **asked.identity._asdict()):
            return UNAUTHORIZED
        wish = {"kinopoisk_id": film, "request_id": "limit", "most": asked.parts.most}
        await ADD.row(connection, user_id=user_id, **wish)
    item = await ONE_ADDED.row(connection, user_id=user_id, kinopoisk_id=film)
    return 202, as_json(item).encode()


async def remove_favourite(connection: asyncpg.Connection, asked: Asked) -> Answer:
    row = await REMOVE.row(connection, **asked.identity._asdict(), kinopoisk_id=asked.number)
    return (204, b"") if row else UNAUTHORIZED


async def get_film(connection: asyncpg.Connection, asked: Asked) -> Answer:
    row = await WANTED_BY_ASKER.row(connection, **asked.identity._asdict(), kinopoisk_id=asked.number)
    return (200, with_freshness(row["document"], row).encode()) if row else UNAUTHORIZED


async def search_films(connection: asyncpg.Connection, asked: Asked) -> Answer:
    if not await LOOK_UP.row(connection, **asked.identity._asdict()):
        return UNAUTHORIZED
    query = asked.query["query"]
    films, pages, total, _ = orjson.loads(await asked.parts.redis.get(search_key(query, 1)))
    await STORED.row(connection, films=films)
    rows = await WITH_FAVOURITES.rows(connection, films=films, user_id=asked.identity.user_id)
    head = {"query": query, "page": 1, "pages": pages, "total": total, "source": "cache"}
    items = ",".join(extended(with_freshness(row["document"], row), is_favorite=row["is_favorite"]) for row in rows)
    return 200, f'{orjson.dumps(head).decode()[:-1]},"items":[{items}]}}'.encode()


async def recommend_films(connection: asyncpg.Connection, asked: Asked) -> Answer:
    if not await LOOK_UP.row(connection, **asked.identity._asdict()):
        return UNAUTHORIZED
    user_id, limit = asked.identity.user_id, asked.query.get("limit", "5")
    row = await VERSIONS.row(connection, user_id=user_id)
    parts = (KEPT_LISTS, RELEASE, user_id, row["taste"], row["model"], None, limit, "ru")
    kept: Any = unpacked(await asked.parts.redis.get(":".join(map(str, parts))))
    return 200, kept.body
