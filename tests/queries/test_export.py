"""The export: complete, correct, and never all in memory."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from redis import Redis
from sqlalchemy import Column, text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from api import shapes
from api.queries.export import PAGE, SECTIONS, document
from dev.testing import Servers
from shared.postgres import read_engine
from shared.settings import Settings
from shared.shown_films import Shown
from shared.tables import metadata
from tests.client import Client, Service
from tests.conftest import Serve
from tests.infra.conftest import taken_port

MANY = 5_000
# Session, account, sessions, the first page of favourites.
GONE_AFTER = 4


async def exported(client: Client) -> shapes.Export:
    answer = await client.get("/profile/export")
    assert answer.status_code == 200, answer.text
    return shapes.Export.model_validate_json(answer.content)


async def fill(database: AsyncEngine, films: int) -> None:
    """Each user gets this many favourites."""
    async with database.connect() as connection:
        for statement in (
            "INSERT INTO film_sync (kinopoisk_id) SELECT generate_series(1, :films) ON CONFLICT DO NOTHING",
            "INSERT INTO favourite (user_id, kinopoisk_id) SELECT id, generate_series(1, :films) FROM user_account",
        ):
            await connection.execute(text(statement), {"films": films})


@pytest.fixture
async def reading(settings: Settings) -> AsyncIterator[AsyncEngine]:
    url = settings.postgres.url.get_secret_value()
    engine = read_engine(url, "test", pool_size=1, pool_timeout=5, command_timeout=5)
    yield engine
    await engine.dispose()


async def account_of(engine: AsyncEngine) -> tuple[uuid.UUID, dict[str, str]]:
    """The only user's id, and the beginning of the document."""
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT id, username FROM user_account"))).mappings().one()
    return row["id"], {"account": str(row["username"])}


async def test_it_holds_what_the_user_did(anna: Client) -> None:
    await anna.send("POST", "/movies/favorites", json={"kinopoisk_id": 301}, headers={"X-Request-ID": "annas-own"})
    await anna.hide(302)
    await anna.send("POST", "/movies/303/refresh")
    await anna.get("/movies/41519")
    export = await exported(anna)
    assert export.account.username == "anna"
    assert len(export.sessions) == 1
    assert [favourite.kinopoisk_id for favourite in export.favorites] == [301]
    assert [hidden.kinopoisk_id for hidden in export.hidden_films] == [302]
    assert [film.kinopoisk_id for film in export.awaited_films] == [301, 303]
    assert export.awaited_films[0].request_id == "annas-own"
    assert [refresh.kinopoisk_id for refresh in export.asked_refreshes] == [303]
    assert [(call.kinopoisk_id, call.outcome) for call in export.upstream_calls] == [(41519, "answered")]


async def test_it_holds_what_was_recommended_lately(anna: Client, migrated: Servers) -> None:
    own, now = (await anna.get("/profile")).json()["id"], int(time.time())
    with Redis.from_url(migrated.redis.url) as redis:
        scores = {"301": Shown(now - 60, "genre", 2), "302": Shown(now, "personal", 1), "303": Shown(1, "popular", 1)}
        redis.zadd(f"kinoshelf:shown:{own}", {film: shown.score() for film, shown in scores.items()} | {"x": 1e15})
    told = (await exported(anna)).shown_recommendations
    assert told is not None
    assert [(film.kinopoisk_id, film.strategy, film.rank) for film in told] == [(302, "personal", 1), (301, "genre", 2)]
    assert told[0].shown_at == datetime.fromtimestamp(now, UTC)


async def test_without_redis_it_says_that_this_is_not_known(serve: Serve) -> None:
    with taken_port(listening=False) as port:
        service: Service = await serve(redis={"url": SecretStr(f"redis://127.0.0.1:{port}")})
        assert (await exported(await service.user("anna"))).shown_recommendations is None


async def test_a_database_that_goes_away_in_between_breaks_it_off(
    anna: Client, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No complete JSON, and no bug either."""
    await fill(database, PAGE + 1)
    read, asked = AsyncEngine.connect, []

    def going_away(engine: AsyncEngine) -> Any:
        asked.append(engine)
        if len(asked) > GONE_AFTER:
            raise ConnectionResetError
        return read(engine)

    monkeypatch.setattr(AsyncEngine, "connect", going_away)
    # So httpx's transport says that an answer has no end.
    with capture_logs() as logs, pytest.raises(AssertionError):
        await anna.get("/profile/export")
    events = [line["event"] for line in logs]
    assert "request_crashed" not in events
    assert [event for event in events if event != "request_finished"][-2:] == [
        "database_unavailable",
        "answer_broken_off",
    ]


async def test_a_new_account_has_nothing_but_itself(anna: Client) -> None:
    export = (await anna.get("/profile/export")).json()
    assert {name for name, value in export.items() if value == []} == export.keys() - {
        "exported_at",
        "account",
        "sessions",
    }


async def test_it_is_a_file_that_nobody_may_keep(anna: Client) -> None:
    headers = (await anna.get("/profile/export")).headers
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    assert headers["content-disposition"] == 'attachment; filename="kinoshelf-export.json"'


async def test_neither_the_hash_nor_anything_of_others_is_in_it(service: Service, anna: Client) -> None:
    berta = await service.user("berta")
    await berta.add(999)
    await berta.hide(998)
    told = (await anna.get("/profile/export")).text
    assert "argon2" not in told
    assert "999" not in json.dumps([json.loads(told)[name] for name in ("favorites", "awaited_films")])
    assert json.loads(told)["hidden_films"] == []


def test_every_column_that_tells_of_a_user_is_in_it() -> None:
    """A new table with a user in it needs a section here."""

    def tells_of_a_user(column: Column[object]) -> bool:
        return any(key.target_fullname == "user_account.id" for key in column.foreign_keys)

    columns = {column for table in metadata.tables.values() for column in table.columns if tells_of_a_user(column)}
    assert {section.user for section in SECTIONS} == columns
    of_no_table = {"exported_at", "account", "shown_recommendations"}
    assert shapes.Export.model_fields.keys() - of_no_table == {section.name for section in SECTIONS}


@pytest.mark.parametrize("films", [PAGE - 1, PAGE, PAGE + 1, MANY])
async def test_each_favourite_is_told_once(anna: Client, database: AsyncEngine, films: int) -> None:
    await fill(database, films)
    assert [favourite.kinopoisk_id for favourite in (await exported(anna)).favorites] == list(range(1, films + 1))


async def test_no_piece_is_longer_than_a_page(anna: Client, database: AsyncEngine, reading: AsyncEngine) -> None:
    await fill(database, MANY)
    pieces = [piece async for piece in document(reading, *await account_of(reading))]
    assert max(piece.count(b"added_at") for piece in pieces) == PAGE
    json.loads(b"".join(pieces))


async def test_who_reads_slowly_holds_no_connection(anna: Client, database: AsyncEngine, reading: AsyncEngine) -> None:
    await fill(database, PAGE + 1)
    pool: Any = reading.pool
    async for _ in document(reading, *await account_of(reading)):
        assert pool.checkedout() == 0


async def test_a_deletion_in_between_ends_it_properly(
    anna: Client, database: AsyncEngine, reading: AsyncEngine
) -> None:
    await fill(database, MANY)
    pieces = []
    async for piece in document(reading, *await account_of(reading)):
        pieces.append(piece)
        if b"added_at" in piece:
            async with database.connect() as connection:
                await connection.execute(text("DELETE FROM user_account"))
    assert len(json.loads(b"".join(pieces))["favorites"]) == PAGE


async def test_ten_at_once_need_few_connections(serve: Serve, database: AsyncEngine) -> None:
    service: Service = await serve(postgres={"pool_size": 2})
    anna = await service.user("anna")
    await fill(database, MANY)
    exports = await asyncio.gather(*(exported(anna) for _ in range(10)))
    assert {len(export.favorites) for export in exports} == {MANY}
