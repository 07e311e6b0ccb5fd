"""Commands that count what a user has before they add to it."""

import uuid

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:user_id AS text), 0))")


async def one_at_a_time(connection: AsyncConnection, user_id: uuid.UUID) -> None:
    """Until this transaction ends no other of this user goes on: a limit cannot be overrun by asking in parallel."""
    await connection.execute(LOCK, {"user_id": str(user_id)})
