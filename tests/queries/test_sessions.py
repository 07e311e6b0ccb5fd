"""The list of sessions."""

import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from api import shapes
from api.seen_sessions import SeenSessions
from tests.client import Client, Service, eventually


async def sessions(client: Client) -> list[shapes.Session]:
    answer = await client.get("/profile/sessions")
    assert answer.headers["cache-control"] == "no-store"
    return shapes.Sessions.model_validate_json(answer.content).items


async def test_each_login_is_a_session_and_one_is_this(service: Service, anna: Client) -> None:
    await service.login("anna")
    await service.login("anna")
    assert [session.current for session in await sessions(anna)] == [True, False, False]


async def test_nobody_sees_those_of_others(service: Service, anna: Client) -> None:
    await service.user("berta")
    assert len(await sessions(anna)) == 1


async def test_an_expired_one_is_none(service: Service, anna: Client, database: AsyncEngine) -> None:
    await service.login("anna")
    [_, other] = await sessions(anna)
    async with database.connect() as connection:
        expire = text("UPDATE session SET expires_at = now() WHERE id = :id")
        await connection.execute(expire, {"id": other.id})
    assert [session.current for session in await sessions(anna)] == [True]


async def test_renewing_is_being_seen(anna: Client) -> None:
    [before] = await sessions(anna)
    await anna.send("POST", "/token/renew")
    [after] = await sessions(anna)
    assert (after.created_at, after.id) == (before.created_at, before.id)
    assert after.last_seen > before.last_seen


async def test_being_used_is_being_seen_to_the_hour(anna: Client, database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.execute(text("UPDATE session SET last_seen = now() - interval '61 minutes'"))
        assert (await anna.get("/profile")).status_code == 200

        async def seen() -> bool:
            return bool(await connection.scalar(text("SELECT last_seen > now() - interval '1 minute' FROM session")))

        await eventually(seen)


async def test_within_the_hour_nothing_is_noted(
    anna: Client, database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[uuid.UUID] = []
    monkeypatch.setattr(SeenSessions, "note", lambda _, session_id: noted.append(session_id))
    async with database.connect() as connection:
        await connection.execute(text("UPDATE session SET last_seen = now() - interval '59 minutes'"))
    await anna.get("/profile")
    assert noted == []


async def test_a_database_that_is_away_only_costs_the_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.seen_sessions.PAUSE_SECONDS", 0)
    with capture_logs() as logs:
        notes = SeenSessions(create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none"))
        notes.note(uuid.uuid4())
        await notes.close()
    assert [(line["event"], line["sessions"]) for line in logs] == [("sessions_not_noted", 1)]


async def test_of_a_great_many_the_latest_hundred_are_told(anna: Client, database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await connection.execute(
            text("""INSERT INTO session (id, user_id, last_seen, expires_at)
                SELECT gen_random_uuid(), id, now() + interval '1 second' * number, now() + interval '1 day'
                FROM user_account, generate_series(1, 150) AS number""")
        )
    listed = await sessions(anna)
    assert (len(listed), listed[0].current) == (100, True)
