"""The recommender from outside: `python -m bench.recommend`, each time a fresh process, files in and files out."""

import csv
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import CannotMeasure, Figure, at_most
from bench.protocol.events import Histories, Title
from bench.protocol.references import Lists
from bench.starter import clean_environment

LISTED = 20
HEADER = ("user", "film", "timestamp")
MOST_SECONDS = 60


class Model:
    """What `fit` made, in `folder`; the latest file of favourites; how many seconds all runs took."""

    def __init__(self, files: Path) -> None:
        self._files = files
        self.folder, self.told = files / "model", files / "told.csv"
        self.seconds = 0.0

    def fit(self, train: Histories, titles: Sequence[Title], *options: str) -> None:
        """Raises CannotMeasure."""
        interactions = self._write("interactions.csv", HEADER, _events(train))
        films = self._write("films.csv", Title._fields, titles)
        self._run("fit", "--interactions", interactions, "--films", films, "--model", self.folder, *options)

    def lists(self, told: Histories, length: int = LISTED) -> Lists:
        """What each of these is recommended. Raises CannotMeasure."""
        out = self._files / "lists.csv"
        self.told = self._write("told.csv", HEADER, _events(told))
        self._run("recommend", "--model", self.folder, "--favourites", self.told, "--n", str(length), "--out", out)
        lists: Lists = {}
        with out.open(encoding="utf-8", newline="") as opened:
            for row in csv.DictReader(opened):
                lists.setdefault(row["user"], []).append(row["film"])
        return lists

    @property
    def figure(self) -> Figure:
        return Figure("fit and recommend", f"{self.seconds:.0f} s")

    @property
    def speed(self) -> Figure:
        """For all of MovieTweetings."""
        return at_most("fit and recommend", self.seconds, MOST_SECONDS, "s")

    def _write(self, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
        file = self._files / name
        with file.open("w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows([header, *rows])
        return file

    def _run(self, *arguments: str | Path) -> None:
        started = time.monotonic()
        command = [sys.executable, "-m", "bench.recommend", *arguments]
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
        self.seconds += time.monotonic() - started
        if done.returncode:
            raise CannotMeasure(f"{arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-1000:]}")


def _events(histories: Histories) -> Iterator[Sequence[object]]:
    for history in histories.values():
        yield from history


@contextmanager
def fitted(train: Histories, titles: Sequence[Title], *options: str) -> Iterator[Model]:
    """Raises CannotMeasure."""
    with TemporaryDirectory(prefix="kinoshelf-protocol-") as folder:
        model = Model(Path(folder))
        model.fit(train, titles, "--no-franchise-cap", *options)
        yield model
