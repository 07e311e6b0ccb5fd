"""The log of calls: what was asked for, by which key, and how it was answered. No key appears in full."""

from collections import Counter, deque
from dataclasses import dataclass, field
from sys import intern
from time import time
from typing import Any

LOG_LENGTH = 50_000


@dataclass(slots=True)
class Call:
    """One call. Its status is 0 as long as no answer has begun."""

    path: str
    film: int | None
    key: str
    statuses: Counter[str]
    at: float = field(default_factory=time)
    status: int = 0

    def answered(self, status: int) -> None:
        self.status = status
        self.statuses[str(status)] += 1

    def document(self) -> dict[str, Any]:
        return {"at": self.at, "path": self.path, "film": self.film, "key": self.key, "status": self.status}


class CallLog:
    def __init__(self) -> None:
        self.in_flight = 0
        self.reset()

    def reset(self) -> None:
        self.max_in_flight = self.in_flight
        self.total = 0
        self._paths: Counter[str] = Counter()
        self._films: Counter[str] = Counter()
        self._keys: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._log: deque[Call] = deque(maxlen=LOG_LENGTH)

    def begin(self, path: str, film: int | None, key: str) -> Call:
        call = Call(path, film, intern(key[-4:]), self._statuses)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self.total += 1
        self._paths[path] += 1
        self._keys[call.key] += 1
        if film is not None:
            self._films[str(film)] += 1
        self._log.append(call)
        return call

    def end(self) -> None:
        self.in_flight -= 1

    def document(self, *, log: bool = True) -> dict[str, Any]:
        unanswered = self.total - self._statuses.total()
        document: dict[str, Any] = {
            "total": self.total,
            "by_path": dict(self._paths),
            "by_film": dict(self._films),
            "by_key": dict(self._keys),
            "by_status": {**self._statuses, **({"0": unanswered} if unanswered else {})},
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
        }
        return document | {"log": [call.document() for call in self._log]} if log else document
