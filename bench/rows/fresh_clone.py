"""`make run` in a fresh copy of this repository: seconds until `Ready:`, the first time and the second.

The packages come from pip's cache. If the first start misses its target the cache may have been cold; another fresh
copy then tells, and both figures are shown. SIGTERM to make must leave no process behind.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.figures import CannotMeasure, Figure, Scale, at_most, exactly
from bench.process_tree import Process, alive, descendants
from bench.starter import clean_environment
from dev.interrupts import Interrupts
from dev.ports import free_port
from dev.processes import Child, Program, start_child, stop_children, wait_until

FIRST_SECONDS = 90
SECOND_SECONDS = 8
PATIENCE_SECONDS = 240
STOP_SECONDS = 40


class Start(NamedTuple):
    """One `make run`, from start to stop."""

    seconds: float
    stop_seconds: float
    exit_code: int
    processes: int
    left_behind: int


async def measure(scale: Scale) -> list[Figure]:
    first, second = both_starts()
    figures = []
    if first.seconds > FIRST_SECONDS:
        figures.append(Figure("first start, cache as it was", f"{first.seconds:.1f} s"))
        first, second = both_starts()
    left = first.left_behind + second.left_behind
    return [
        *figures,
        at_most("fresh copy to Ready, packages in the cache", first.seconds, FIRST_SECONDS, "s"),
        at_most("second start to Ready", second.seconds, SECOND_SECONDS, "s"),
        exactly(f"processes left of {first.processes} and {second.processes} after SIGTERM", left, 0),
        Figure("stopping", f"{first.stop_seconds:.1f} s, {second.stop_seconds:.1f} s"),
        Figure("exit codes", f"{first.exit_code}, {second.exit_code}"),
    ]


def both_starts() -> tuple[Start, Start]:
    with fresh_copy() as copy:
        return run_once(copy, "first"), run_once(copy, "second")


@contextmanager
def fresh_copy() -> Iterator[Path]:
    """What git would give: tracked files and new ones that it does not ignore. Removed with all that was made in it."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, capture_output=True, text=True, check=False)
    if listed.returncode:
        raise CannotMeasure(f"git cannot list the files: {listed.stderr.strip()}")
    folder = Path(tempfile.mkdtemp(prefix="kinoshelf-clone-"))
    folder.chmod(0o711)  # as root: the database's own user must be able to pass
    try:
        for name in filter(None, listed.stdout.split("\0")):
            if Path(name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(name, folder / name)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_once(copy: Path, name: str) -> Start:
    """Raises CannotStart where it ends or takes far too long."""
    log, interrupts = copy / f"{name}.log", Interrupts()
    environment = clean_environment() | {
        "KINOSHELF_DATA": str(copy / ".data"),
        "KINOSHELF__API__PORT": str(free_port()),
    }
    program = Program("make run", ["make", "-C", copy, "run"], log=log, env=environment, orphaned=signal.SIGTERM)
    started = time.perf_counter()
    make = start_child(program)
    try:
        wait_until(lambda: b"\nReady: " in log.read_bytes(), make, interrupts, PATIENCE_SECONDS)
        seconds = time.perf_counter() - started
        family = descendants(make.process.pid)
        stop_seconds = stop(make, interrupts)
        return Start(seconds, stop_seconds, make.process.returncode, len(family), count_left(family))
    finally:
        stop_children([make], interrupts, patience_seconds=STOP_SECONDS)


def stop(make: Child, interrupts: Interrupts) -> float:
    """SIGTERM to make alone; how long it takes."""
    started = time.perf_counter()
    os.kill(make.process.pid, signal.SIGTERM)
    while make.running:
        if time.perf_counter() - started > STOP_SECONDS:
            raise CannotMeasure(f"make run did not stop within {STOP_SECONDS} seconds of SIGTERM.")
        interrupts.pause(0.02)
    return time.perf_counter() - started


def count_left(family: list[Process]) -> int:
    """Counted a moment after the stop, which covers what ends by itself."""
    time.sleep(0.5)
    return sum(alive(process) for process in family)
