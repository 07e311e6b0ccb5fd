"""`python -m bench.main_job [--quick] [row …]`: measure the rows of the main job, each beside its target."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from types import ModuleType

from rich.console import Console
from rich.table import Table

from bench.figures import CannotMeasure, Figure, Scale
from bench.rows import (
    add_to_ready,
    add_under_slow_upstream,
    fresh_clone,
    memory_at_rest,
    profile_while_upstream_hangs,
    redis_away,
    twenty_users_one_film,
)
from dev.problems import CannotStart

MODULES = (
    fresh_clone,
    add_under_slow_upstream,
    add_to_ready,
    twenty_users_one_film,
    redis_away,
    profile_while_upstream_hangs,
    memory_at_rest,
)
ROWS: dict[str, ModuleType] = {module.__name__.rpartition(".")[2]: module for module in MODULES}
VERDICTS = {True: "[green]met[/]", False: "[bold red]missed[/]", None: ""}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench.main_job", description="Figures of the main job.")
    parser.add_argument("--quick", action="store_true", help="fewer requests and rounds: some two minutes")
    parser.add_argument("rows", nargs="*", metavar="row", help=f"which ones (all): {', '.join(ROWS)}")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}. Rows: {', '.join(ROWS)}")
    return chosen


def table(name: str, figures: list[Figure]) -> Table:
    drawn = Table(title=name, title_justify="left", title_style="bold")
    for column in ("figure", "measured", "target", ""):
        drawn.add_column(column)
    for figure in figures:
        drawn.add_row(figure.name, figure.measured, figure.target, VERDICTS[figure.met])
    return drawn


def run_row(console: Console, name: str, scale: Scale) -> list[Figure]:
    """Measure one row and print it. Raises CannotMeasure."""
    row = ROWS[name]
    measure: Callable[[Scale], Awaitable[list[Figure]]] = row.measure
    console.print(f"\n[bold]{name}[/] (load of this machine: {os.getloadavg()[0]:.2f})")
    console.print((row.__doc__ or "").strip(), highlight=False)
    started = time.monotonic()
    try:
        figures = asyncio.run(_measured(measure, scale))
    except (CannotStart, OSError, EOFError, TimeoutError) as problem:
        raise CannotMeasure(f"{type(problem).__name__}: {problem}") from problem
    console.print(table(f"{name}, measured in {time.monotonic() - started:.0f} s", figures))
    return figures


async def _measured(measure: Callable[[Scale], Awaitable[list[Figure]]], scale: Scale) -> list[Figure]:
    return await measure(scale)


def main(arguments: Sequence[str]) -> int:
    """0 when everything was measured, whether or not a target was met; 2 when something could not be."""
    chosen = parse(arguments)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, everything on this machine")
    figures, failed = [], False
    for name in chosen.rows or ROWS:
        try:
            figures += run_row(console, name, Scale(chosen.quick))
        except CannotMeasure as problem:
            failed = True
            console.print(f"[bold red]{name} could not be measured.[/] {problem}", highlight=False)
    missed = [figure.name for figure in figures if figure.met is False]
    met = sum(figure.met is True for figure in figures)
    console.print(f"\n{met} targets met, {len(missed)} missed{': ' if missed else ''}{'; '.join(missed)}")
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
