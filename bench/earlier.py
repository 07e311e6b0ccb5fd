"""An earlier version of the service, as git has it."""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import CannotMeasure

# What the economy of upstream calls began with.
FIRST_OF_THE_ECONOMY = "shared/upstream"


def commit_before_the_economy() -> str:
    """The parent of the commit that brought it."""
    added = git("log", "--diff-filter=A", "--format=%H", "--", FIRST_OF_THE_ECONOMY).decode().split()
    if not added:
        raise CannotMeasure("git does not know when the economy came; name a version with --before.")
    return f"{added[-1]}^"


@contextmanager
def sources_of(commit: str) -> Iterator[Path]:
    """A folder with all that this version consists of; removed in the end."""
    archive = git("archive", "--format=tar", commit)
    folder = Path(tempfile.mkdtemp(prefix="kinoshelf-before-"))
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def name_of(commit: str) -> str:
    return git("log", "-1", "--format=%h, %s", commit).decode().strip()


def git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    if done.returncode:
        raise CannotMeasure(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
