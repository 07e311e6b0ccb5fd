"""A bar over films, in a terminal only: rich is not even imported elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def films_bar(films: int, stream: TextIO = sys.stderr) -> Iterator[Callable[[int], None]]:
    """Gives what is to be told of films that are ready."""
    if not stream.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Films"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=stream)) as progress:
        bar = progress.add_task("", total=films)
        yield lambda ready: progress.advance(bar, ready)
