"""Writes what was measured into docs/performance.md, each row between two marks of its own, and draws its picture."""

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.earlier import git
from bench.figures import CannotMeasure, Figure
from bench.plot import Groups, bars
from bench.rows import hot_requests

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "performance.md", DOCS / "pictures" / "performance.svg"
TITLE = "Requests a second of one process at 16 clients"
MEASURED = ("api", "worker", "shared", "migrations", "bench", "requirements")
VERDICTS = {True: "met", False: "missed", None: ""}


def write(measured: Mapping[str, Sequence[Figure]], *, quick: bool) -> None:
    """The rows that were measured; what the page tells of others stays."""
    page, where = PAGE.read_text(), f"{datetime.now(UTC):%Y-%m-%d}, {version()}, {machine()}"
    for row, figures in measured.items():
        command = f"python -m bench.performance {'--quick ' if quick else ''}{row}"
        page = between_marks(page, row, section(figures, f"`{command}`, {where}"))
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


def section(figures: Iterable[Figure], source: str) -> str:
    """A table, and what gave it."""
    lines = ["| figure | measured | target | |", "|---|---|---|---|"]
    lines += [f"| {each.name} | {each.measured} | {each.target} | {VERDICTS[each.met]} |" for each in figures]
    return "\n".join([*lines, "", source, ""])


def version() -> str:
    """The commit that was measured. Raises CannotMeasure where there is no git to ask."""
    changes = git("status", "--porcelain", "--", *MEASURED).strip()
    return git("rev-parse", "--short", "HEAD").decode().strip() + (" with changes" if changes else "")


def groups(figures: Iterable[Figure]) -> Groups:
    """Requests a second by call and side."""
    found: dict[str, dict[str, float]] = {}
    for figure in figures:
        call, _, side = figure.name.partition(": ")
        if figure.value is not None and side in (hot_requests.OURS, hot_requests.LIMIT, hot_requests.USUAL):
            found.setdefault(call, {})[side] = figure.value
    return found


def machine() -> str:
    """Cores, their name as Linux tells it, and Python."""
    told = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{os.cpu_count()} × {told[1] if told else platform.machine()}, Python {platform.python_version()}"
