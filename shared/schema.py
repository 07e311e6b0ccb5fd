"""The schema this code needs, checked at start; a test keeps REVISION equal to the newest migration."""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

REVISION = "2026_11_28_1920_lost_leases"


class SchemaBehind(Exception):
    """The database is at another schema revision; the text says what to run."""


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision of the database, or None where no migration ever ran."""
    async with engine.connect() as connection:
        try:
            revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        except ProgrammingError:
            return None
        return revision


class DatabaseAway(Exception):
    """PostgreSQL cannot be reached or lets us not in; the text says which, and holds no password."""


async def check_database(engine: AsyncEngine) -> None:
    """For the start of a process. Raises SchemaBehind or DatabaseAway."""
    await check_reachable(engine)
    await check_schema(engine)


async def check_reachable(engine: AsyncEngine) -> None:
    """Raises DatabaseAway."""
    try:
        async with engine.connect():
            pass
    except TimeoutError:
        raise DatabaseAway("PostgreSQL does not answer (postgres.url).") from None
    except (DBAPIError, OSError) as error:
        reason = str(getattr(error, "orig", error)).rpartition(">: ")[2].splitlines() or [type(error).__name__]
        raise DatabaseAway(f"PostgreSQL cannot be used (postgres.url): {reason[0]}.") from None


async def check_schema(engine: AsyncEngine) -> None:
    """Raises SchemaBehind; a newer schema will do, it is made for the release that it replaces as well."""
    revision = await current_revision(engine)
    if revision is None or revision < REVISION:  # revisions begin with their date
        raise SchemaBehind(
            f"The database schema is at {revision or 'nothing'}, this version needs {REVISION}. "
            "Run: python -m alembic upgrade head"
        )
