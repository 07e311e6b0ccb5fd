"""`python -m worker.recommender`: what `python -m worker.rebuild recommendations` turns into, so it may stay small.

It knows neither settings nor SQLAlchemy; the database's address and the form of logs stand in the environment.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

import asyncpg
import structlog

from shared import logs
from worker.recommender.load import NothingToDo
from worker.recommender.rebuild import Refused, rebuild

log = structlog.get_logger()

CONNECT_SECONDS = 10
# Neither done nor failed: another one is at it, or nothing has changed.
NOTHING_TO_DO = 3
SERVER_SETTINGS = {
    "application_name": "kinoshelf-recommender",
    "statement_timeout": "300s",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
}


async def run(database: str, *, only_changed: bool, force: bool) -> None:
    connection = await asyncpg.connect(database, timeout=CONNECT_SECONDS, server_settings=SERVER_SETTINGS)
    try:
        await rebuild(connection, only_changed=only_changed, force=force)
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when it is done, 3 when there is nothing to do, 1 with one sentence where it cannot."""
    parser = argparse.ArgumentParser("python -m worker.recommender")
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--force", action="store_true")
    chosen = parser.parse_args(arguments)
    database = os.environ.pop("KINOSHELF_REBUILD_DATABASE", None)
    if database is None:
        parser.error("start it as: python -m worker.rebuild recommendations")
    logs.configure("rebuild", os.environ["KINOSHELF_REBUILD_LOGS"], os.environ["KINOSHELF_REBUILD_LEVEL"])
    try:
        asyncio.run(run(database, only_changed=chosen.changed, force=chosen.force))
    except NothingToDo as reason:
        sys.stdout.write(f"{reason}\n")
        return NOTHING_TO_DO
    except Refused as refusal:
        return failed(str(refusal))
    except asyncpg.DataError as error:
        return failed(f"What is stored cannot be read: {type(error).__name__}.")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        return failed(f"PostgreSQL cannot be used: {type(error).__name__}.")
    except Exception as error:  # Python itself would print its text, which may hold anything
        log.exception("process_crashed")
        return failed(f"{type(error).__name__}, see the log.")
    return 0


def failed(sentence: str) -> int:
    sys.stderr.write(f"rebuild: {sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
