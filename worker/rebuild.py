"""`python -m worker.rebuild films`: heavy rebuilds, each a process of its own beside the running service."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import logs, wiring
from shared.enrichment.rebuild import count_sources, project_all
from shared.schema import DatabaseAway, SchemaBehind, check_database
from shared.settings import InvalidSettings, Settings, load_settings


async def rebuild_films(engine: AsyncEngine, console: Console) -> int:
    """Project every stored film anew from its source, without one call to Kinopoisk; answers how many."""
    columns = (TextColumn("Films"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    total = await count_sources(engine)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=total)
        return await project_all(engine, lambda films: progress.advance(bar, films))


REBUILDS = {"films": rebuild_films}


async def run(settings: Settings, what: str) -> int:
    console = Console(stderr=True)
    engine = wiring.write_engine(settings, "kinoshelf-rebuild")
    try:
        await check_database(engine)
        done = await REBUILDS[what](engine, console)
    finally:
        await engine.dispose()
    sys.stdout.write(f"{done} {what} projected.\n")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when it is done, 1 with one sentence where it cannot start."""
    parser = argparse.ArgumentParser("python -m worker.rebuild", description="Rebuild what can be made again.")
    parser.add_argument("what", choices=sorted(REBUILDS), help="films: the read table, from what Kinopoisk once said")
    what = parser.parse_args(arguments).what
    try:
        settings = load_settings()
        logs.configure("rebuild", settings.logs.format, settings.logs.level)
        return asyncio.run(run(settings, what))
    except (InvalidSettings, SchemaBehind, DatabaseAway) as error:
        sys.stderr.write(f"rebuild: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
