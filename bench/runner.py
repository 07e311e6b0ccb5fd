"""Runs rows and prints them: what a row does, its figures, their targets, what was met."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from bench.figures import MOVIETWEETINGS, CannotMeasure, Figure, Scale
from dev.problems import CannotStart

VERDICTS = {True: "[green]met[/]", False: "[bold red]missed[/]", None: ""}

Rows = Mapping[str, ModuleType]


class Outcome(NamedTuple):
    """The figures of each row that could be measured, and whether one could not."""

    figures: dict[str, list[Figure]]
    failed: bool


def by_name(modules: Sequence[ModuleType]) -> dict[str, ModuleType]:
    return {module.__name__.rpartition(".")[2]: module for module in modules}


def parser_for(name: str, rows: Rows) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(f"python -m {name}", description="Figures of the running service.")
    parser.add_argument("--quick", action="store_true", help="fewer requests and rounds: is anything badly off?")
    parser.add_argument("--before", default="", metavar="COMMIT", help="with which version before_and_after compares")
    parser.add_argument(
        "--movietweetings", type=Path, default=MOVIETWEETINGS, metavar="DIR", help=f"its folder ({MOVIETWEETINGS})"
    )
    parser.add_argument("rows", nargs="*", metavar="row", help=f"which ones (all): {', '.join(rows)}")
    return parser


def parse(parser: argparse.ArgumentParser, rows: Rows, arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for; ends the process where it cannot be."""
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.rows) - set(rows):
        parser.error(f"no such row: {', '.join(sorted(unknown))}. Rows: {', '.join(rows)}")
    return chosen


def table(name: str, figures: list[Figure]) -> Table:
    drawn = Table(title=name, title_justify="left", title_style="bold")
    for column in ("figure", "measured", "target", ""):
        drawn.add_column(column)
    for figure in figures:
        drawn.add_row(figure.name, figure.measured, figure.target, VERDICTS[figure.met])
    return drawn


def run_row(console: Console, name: str, row: ModuleType, scale: Scale) -> list[Figure]:
    """Measure one row and print it. Raises CannotMeasure."""
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


def run(name: str, rows: Rows, arguments: Sequence[str]) -> int:
    """0 when everything was measured, whether or not a target was met; 2 when something could not be."""
    return 2 if measure_rows(rows, parse(parser_for(name, rows), rows, arguments)).failed else 0


def measure_rows(rows: Rows, chosen: argparse.Namespace) -> Outcome:
    """Measure and print those that were chosen, then how many targets were met."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, everything on this machine")
    scale = Scale(chosen.quick, chosen.before, chosen.movietweetings)
    measured: dict[str, list[Figure]] = {}
    wanted = chosen.rows or list(rows)
    for each in wanted:
        try:
            measured[each] = run_row(console, each, rows[each], scale)
        except CannotMeasure as problem:
            console.print(f"[bold red]{each} could not be measured.[/] {problem}", highlight=False)
    figures = [figure for row in measured.values() for figure in row]
    missed = [figure.name for figure in figures if figure.met is False]
    met = sum(figure.met is True for figure in figures)
    console.print(f"\n{met} targets met, {len(missed)} missed{': ' if missed else ''}{'; '.join(missed)}")
    return Outcome(measured, failed=not set(wanted) <= measured.keys())
