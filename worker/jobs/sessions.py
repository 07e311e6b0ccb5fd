"""Sessions that nobody can use any more."""

from sqlalchemy import delete, func, select

from shared.tables.truth import session
from worker.context import Context


async def purge_expired_sessions(ctx: Context) -> int:
    """Delete expired sessions, save those that somebody is changing; answers how many. Safe to run twice."""
    expired = select(session.c.id).where(session.c.expires_at < func.now()).with_for_update(skip_locked=True)
    async with ctx["engine"].begin() as connection:
        deleted = await connection.execute(delete(session).where(session.c.id.in_(expired)))
        return int(deleted.rowcount)
