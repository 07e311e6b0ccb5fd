"""Sessions that nobody can use any more."""

from sqlalchemy import delete, func

from shared.tables.truth import session
from worker.context import Context


async def purge_expired_sessions(ctx: Context) -> int:
    """Delete expired sessions; answers how many. Safe to run twice."""
    async with ctx["engine"].begin() as connection:
        expired = await connection.execute(delete(session).where(session.c.expires_at < func.now()))
        return int(expired.rowcount)
