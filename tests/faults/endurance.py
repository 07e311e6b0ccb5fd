"""What one process and the servers hold, looked at again and again."""

import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from redis import Redis

from bench.figures import Figure
from bench.process_tree import memory
from tests.faults.service import Service

# Of TTL: the key has no end.
STAYS = -1
MINUTES_APART = 5
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"


class Sample(NamedTuple):
    """Memory in MB (proportional set size), open files of both processes; sessions of PostgreSQL; keys of Redis.

    Of the keys only those that stay: all others end by themselves, and there are as many as people who come and go.
    """

    at: float
    api: float
    worker: float
    files: int
    sessions: int
    keys: int


def sample(service: Service) -> Sample:
    """Of the API and the worker that nobody kills."""
    api, worker = (service.stack.children[part].process.pid for part in ("API", "worker"))
    with Redis.from_url(service.stack.redis.url) as redis:
        keys = sum(redis.ttl(key) == STAYS for key in redis.scan_iter())
    return Sample(
        at=time.monotonic(),
        api=memory(api).proportional,
        worker=memory(worker).proportional,
        files=sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in (api, worker)),
        sessions=service.value(SESSIONS),
        keys=keys,
    )


def course(samples: Sequence[Sample], name: str) -> Figure:
    """How it went, a value for each few minutes: their median."""
    parts: dict[int, list[float]] = {}
    for each in samples:
        parts.setdefault(int((each.at - samples[0].at) / 60 / MINUTES_APART), []).append(getattr(each, name))
    shown = ", ".join(f"{statistics.median(part):.4g}" for part in parts.values())
    return Figure(f"{name}, each {MINUTES_APART} minutes", shown)


def growth(samples: Sequence[Sample], since_seconds: float, most: Mapping[str, float]) -> list[Figure]:
    """How much the last third holds more than the first, of the samples from this moment on; `most` in percent."""
    late = [each for each in samples if each.at - samples[0].at >= since_seconds]
    third = max(len(late) // 3, 1)
    return [_grown(name, late[:third], late[-third:], allowed) for name, allowed in most.items()]


def _grown(name: str, first: Sequence[Sample], last: Sequence[Sample], allowed: float) -> Figure:
    before, after = (statistics.median(getattr(each, name) for each in part) for part in (first, last))
    percent = 100 * (after - before) / max(before, 1)
    return Figure(
        f"{name}: growth", f"{before:.4g} → {after:.4g} ({percent:+.1f} %)", f"≤ {allowed:g} %", percent <= allowed
    )
