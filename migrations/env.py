"""Alembic's environment: async, one transaction, a short lock_timeout, the tables of shared.tables."""

import asyncio
import sys

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.schema import REVISION, DatabaseAway, check_reachable
from shared.settings import InvalidSettings, load_migration_settings
from shared.tables import metadata

LOCK_TIMEOUT = "4s"


def database_url() -> str:
    """Where to migrate: settings.toml or KINOSHELF__POSTGRES__URL; the role may differ from the service's."""
    try:
        return load_migration_settings().postgres.url.get_secret_value()
    except InvalidSettings as error:
        raise SystemExit(str(error)) from None


def from_a_later_release() -> bool:
    """Whether a release that was taken back has left its schema: that is made for this one too."""
    current = context.get_context().get_current_revision()
    known = {revision.revision for revision in context.script.walk_revisions()}
    return current is not None and current not in known and current > REVISION  # revisions begin with their date


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=True)
    with context.begin_transaction():
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        if from_a_later_release():
            sys.stderr.write("The schema is that of a later release: nothing to do.\n")
        else:
            context.run_migrations()


async def run_online() -> None:
    engine = create_async_engine(database_url(), poolclass=NullPool)
    try:
        await check_reachable(engine)
    except DatabaseAway as error:
        raise SystemExit(str(error)) from None
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


def run_offline() -> None:
    """Print the SQL instead of running it: `alembic upgrade head --sql`."""
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    asyncio.run(run_online())
