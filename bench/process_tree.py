"""Processes of this machine from /proc, so Linux only: who descends from whom, who lives, who holds how much memory."""

from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class Process(NamedTuple):
    """A process; its number alone may belong to another one later."""

    pid: int
    started: int


def descendants(pid: int) -> list[Process]:
    """The process itself and all below it."""
    children: dict[int, list[int]] = {}
    found: dict[int, Process] = {}
    for folder in PROC.glob("[0-9]*"):
        if fields := _status(int(folder.name)):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
            found[int(folder.name)] = Process(int(folder.name), int(fields[19]))
    family, left = [], [pid]
    while left:
        member = left.pop()
        if member in found:
            family.append(found[member])
            left += children.get(member, [])
    return family


def alive(process: Process) -> bool:
    """Whether it still runs; one that only waits to be collected has ended."""
    fields = _status(process.pid)
    return bool(fields) and int(fields[19]) == process.started and fields[0] != "Z"


class Memory(NamedTuple):
    """In megabytes."""

    proportional: float  # pages shared by processes are divided by how many share them
    resident: float  # shared pages count in full, again and again


def memory(pid: int) -> Memory:
    """What the process and all below it hold together."""
    family = [_kilobytes(process.pid) for process in descendants(pid)]
    return Memory(*(sum(held[name] for held in family) * 1024 / 1_000_000 for name in ("Pss:", "Rss:")))


def _kilobytes(pid: int) -> dict[str, int]:
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    return {name: int(size) for name, size, *_ in map(str.split, lines)}


def _status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: 0 is the state, 1 the parent, 19 the start."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return []
