"""Writes what was measured into docs/performance.md, each row between two marks of its own, and draws its picture."""

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import CannotMeasure, Figure
from bench.plot import Groups, bars
from bench.rows import hot_requests

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "performance.md", DOCS / "pictures" / "performance.svg"
TITLE = "Requests a second of one process at 16 clients"
VERDICTS = {True: "met", False: "missed", None: ""}


def write(measured: Mapping[str, Sequence[Figure]], *, quick: bool) -> None:
    """The rows that were measured; what the page tells of others stays."""
    page = PAGE.read_text()
    for row, figures in measured.items():
        page = between_marks(page, row, section(row, figures, quick=quick))
    PAGE.write_text(page)
    if row_figures := measured.get("hot_requests"):
        PICTURE.write_text(
            bars(TITLE, (hot_requests.OURS, hot_requests.LIMIT, hot_requests.USUAL), groups(row_figures))
        )


def between_marks(page: str, row: str, content: str) -> str:
    """The page with other content there. Raises CannotMeasure where the page has no such marks."""
    begin, end = f"<!-- {row} -->\n", f"<!-- end of {row} -->"
    found = re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)
    changed, times = found.subn(lambda _: content, page)
    if times != 1:
        raise CannotMeasure(f"{PAGE.name} has no place for {row}.")
    return changed


def section(row: str, figures: Sequence[Figure], *, quick: bool) -> str:
    """A table, the command that gave it, and where it ran."""
    command = f"python -m bench.performance {'--quick ' if quick else ''}{row}"
    machine = f"{os.cpu_count()} × {processor()}, Python {platform.python_version()}"
    lines = ["| figure | measured | target | |", "|---|---|---|---|"]
    lines += [f"| {each.name} | {each.measured} | {each.target} | {VERDICTS[each.met]} |" for each in figures]
    return "\n".join([*lines, "", f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, {machine}", ""])


def groups(figures: Iterable[Figure]) -> Groups:
    """Requests a second by call and side."""
    found: dict[str, dict[str, float]] = {}
    for figure in figures:
        call, _, side = figure.name.partition(": ")
        if figure.value is not None and side in (hot_requests.OURS, hot_requests.LIMIT, hot_requests.USUAL):
            found.setdefault(call, {})[side] = figure.value
    return found


def processor() -> str:
    """Its name as Linux tells it."""
    told = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return told[1] if told else platform.machine()
