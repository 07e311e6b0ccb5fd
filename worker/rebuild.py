"""`python -m worker.rebuild films|recommendations`: heavy rebuilds, each a process of its own beside the service."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import logs, wiring
from shared.enrichment.rebuild import count_sources, project_all
from shared.schema import DatabaseAway, SchemaBehind, check_database
from shared.settings import InvalidSettings, Settings, load_settings

log = structlog.get_logger()

# One thread of linear algebra. Of freed memory large pieces go back to the system and small ones are used again: at
# 128 KiB, what glibc begins with, giving back costs more time than all arithmetic.
LEAN = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**20),
}


async def rebuild_films(engine: AsyncEngine, console: Console) -> int:
    """Project every stored film anew from its source, without one call to Kinopoisk; answers how many."""
    columns = (TextColumn("Films"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    total = await count_sources(engine)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=total)
        return await project_all(engine, lambda films: progress.advance(bar, films))


async def run_films(settings: Settings) -> int:
    console = Console(stderr=True)
    engine = wiring.write_engine(settings, "kinoshelf-rebuild")
    try:
        await check_database(engine)
        done = await rebuild_films(engine, console)
    finally:
        await engine.dispose()
    sys.stdout.write(f"{done} films projected.\n")
    return 0


async def check(settings: Settings) -> None:
    """Raises SchemaBehind and DatabaseAway."""
    engine = wiring.write_engine(settings, "kinoshelf-rebuild")
    try:
        await check_database(engine)
    finally:
        await engine.dispose()


def become_recommender(settings: Settings, options: Sequence[str]) -> NoReturn:
    """Go on as a lean process: what was needed so far would take a third of its memory."""
    url = settings.postgres.url.get_secret_value().replace("postgresql+asyncpg://", "postgresql://", 1)
    address, mark, ssl = url.partition("?ssl=")
    environment = {
        **os.environ,
        **LEAN,
        "KINOSHELF_REBUILD_DATABASE": f"{address}?sslmode={ssl}" if mark else url,
        "KINOSHELF_REBUILD_LOGS": settings.logs.format,
        "KINOSHELF_REBUILD_LEVEL": settings.logs.level,
    }
    os.execve(sys.executable, [sys.executable, "-m", "worker.recommender", *options], environment)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m worker.rebuild", description="Rebuild what can be made again.")
    rebuilds = parser.add_subparsers(dest="what", required=True)
    rebuilds.add_parser("films", help="the read table, from what Kinopoisk once said")
    recommendations = rebuilds.add_parser("recommendations", help="which films lead to which, from favourites")
    recommendations.add_argument("--changed", action="store_true", help="only of films whose favourites changed")
    recommendations.add_argument("--force", action="store_true", help="publish them even if they seem to be broken")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when it is done, 3 when there was nothing to do, 1 with one sentence where it cannot."""
    chosen = parse(arguments)
    try:
        settings = load_settings()
        logs.configure("rebuild", settings.logs.format, settings.logs.level)
        if chosen.what == "films":
            return asyncio.run(run_films(settings))
        asyncio.run(check(settings))
        become_recommender(settings, [f"--{name}" for name in ("changed", "force") if getattr(chosen, name)])
    except (InvalidSettings, SchemaBehind, DatabaseAway) as error:
        sys.stderr.write(f"rebuild: {error}\n")
        return 1
    except Exception as error:  # Python itself would print its text, which may hold a secret
        log.exception("process_crashed")
        sys.stderr.write(f"rebuild: {type(error).__name__}, see the log.\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
