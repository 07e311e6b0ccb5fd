"""The schema this code needs, checked at start; a test keeps REVISION equal to the newest migration."""

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

REVISION = "2026_11_23_0544_main_job"


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


async def check_schema(engine: AsyncEngine) -> None:
    """Raises SchemaBehind unless the database is at REVISION."""
    revision = await current_revision(engine)
    if revision != REVISION:
        raise SchemaBehind(
            f"The database schema is at {revision or 'nothing'}, this version needs {REVISION}. "
            "Run: python -m alembic upgrade head"
        )
