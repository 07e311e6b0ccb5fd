"""Purging sessions."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.settings import Settings
from tests.client import Client, Service
from worker.jobs.sessions import purge_expired_sessions
from worker.main import opened


async def test_expired_sessions_are_deleted_and_others_stay(
    service: Service, anna: Client, settings: Settings, database: AsyncEngine
) -> None:
    await service.user("boris")
    async with database.connect() as connection:
        await connection.execute(
            text("""UPDATE session SET expires_at = now() - interval '1 day'
                FROM user_account u WHERE u.id = user_id AND username = 'boris'""")
        )
    async with opened(settings) as context:
        assert await purge_expired_sessions(context) == 1
    assert (await anna.get("/profile")).status_code == 200
