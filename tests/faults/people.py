"""Clients that add, remove and look, and write down what they asked, when, and what came back."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.load import Answer, Connection
from bench.stack import Address
from tests.faults.history import History, Kind, Operation

PATIENCE_SECONDS = 10.0
NO_ANSWER = 0
# So long somebody waits who has found one API away and then the other.
AWAY_PAUSE_SECONDS = 0.2
FIRST_FILMS = 5
NOTED_FILMS = 10
WORDS = ("matrix", "brother", "love", "war", "alien", "king", "night", "star", "story", "road")
# What each answer tells about the film; other answers of these kinds tell nothing.
TOLD: dict[tuple[str, int], Kind] = {
    ("add", 202): "add",
    ("remove", 204): "remove",
    ("remove", 404): "absent",
    ("item", 200): "present",
    ("item", 404): "absent",
}
# Also right, some of them where the one before had no answer; in a long run one's hourly share of calls is used up.
RIGHT = {("register", 201), ("register", 409), ("logout", 204), ("logout", 401), ("open", 429)}
Tell = Callable[[int, float, float], None]
# A fault; the operation may have taken effect or not.
FAULTS = (NO_ANSWER, 503)


@dataclass
class Book:
    """Everything that the people of one scenario saw."""

    operations: dict[tuple[str, int], list[Operation]] = field(default_factory=dict)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    # Requests that neither API answered.
    failed: int = 0

    def note(self, who: str, film: int, operation: Operation) -> None:
        self.operations.setdefault((who, film), []).append(operation)

    @property
    def acknowledged(self) -> int:
        return self.answers["add", 202] + self.answers["remove", 204]

    @property
    def unexpected(self) -> dict[tuple[str, int], int]:
        """Answers that are neither right nor the announcement of a fault."""
        right = {*TOLD, *RIGHT, *((kind, status) for kind, _ in self.answers for status in (200, *FAULTS))}
        return {answer: count for answer, count in self.answers.items() if answer not in right}

    def inexplicable(self) -> list[tuple[str, int]]:
        """Whose favourites have no explanation: lost, or risen again."""
        return [key for key, seen in self.operations.items() if not History(seen).explicable()]


def nobody(_status: int, _began: float, _ended: float) -> None:
    """Whom nothing is told."""


class Person:
    """One connection of a user; several of one user may be at work at once."""

    def __init__(self, name: str, token: str, addresses: Sequence[Address], films: Sequence[int], book: Book) -> None:
        self.name, self._films, self._book = name, films, book
        self._connections = [Connection(*address, f"Authorization: Bearer {token}") for address in addresses]
        self._known = FIRST_FILMS
        self._random = random.Random(f"{name} {len(book.answers)}")

    async def live(self, every_seconds: float, curious_seconds: float, over: Callable[[], bool]) -> None:
        """One request after the other, at this pace; new films again and again, the last one after so many seconds."""
        acts = [self.add, self.add, self.remove, self.item, self.look, self.open, self.search, self.ask_for_more]
        started = time.monotonic()
        while not over():
            began = time.monotonic()
            self._known = FIRST_FILMS + int(len(self._films) * (began - started) / curious_seconds)
            await self._random.choice(acts)()
            await asyncio.sleep(max(began + every_seconds - time.monotonic(), 0))

    def _some_film(self) -> int:
        return self._random.choice(self._films[: self._known])

    def leave(self) -> None:
        for connection in self._connections:
            connection.close()

    async def add(self, film: int | None = None) -> Answer | None:
        film = film or self._some_film()
        return await self._about(film, "add", "POST", "/movies/favorites", {"kinopoisk_id": film})

    async def remove(self, film: int | None = None) -> Answer | None:
        film = film or self._some_film()
        return await self._about(film, "remove", "DELETE", f"/movies/favorites/{film}")

    async def item(self, film: int | None = None) -> Answer | None:
        film = film or self._some_film()
        return await self._about(film, "item", "GET", f"/movies/favorites/{film}")

    async def open(self) -> Answer | None:
        """The film itself, which may have to be fetched first."""
        return await self.ask("open", "GET", f"/movies/{self._some_film()}")

    async def search(self) -> Answer | None:
        return await self.ask("search", "GET", f"/movies/search?query={self._random.choice(WORDS)}")

    async def ask_for_more(self) -> Answer | None:
        return await self.ask("recommendations", "GET", "/recommendations")

    async def look(self, closely: bool = False) -> Answer | None:
        """The whole list, one page: it tells of every film whether it is there; noted are all (closely), or some."""
        began, answer = time.monotonic(), await self.ask("list", "GET", "/movies/favorites?limit=100")
        if answer and answer.status == 200:
            ended, listed = time.monotonic(), {item["kinopoisk_id"] for item in answer.json()["items"]}
            noted = self._films if closely else self._random.sample(self._films, min(len(self._films), NOTED_FILMS))
            for film in {*noted, *listed.difference(self._films)}:
                self._book.note(self.name, film, Operation("present" if film in listed else "absent", began, ended))
        return answer

    async def _about(self, film: int, kind: str, method: str, path: str, document: Any = None) -> Answer | None:
        return await self.ask(kind, method, path, document, lambda *seen: self._tell(film, kind, *seen))

    def _tell(self, film: int, kind: str, status: int, began: float, ended: float) -> None:
        if told := TOLD.get((kind, status)):
            self._book.note(self.name, film, Operation(told, began, ended))
        elif kind in ("add", "remove") and status in FAULTS:
            self._book.note(self.name, film, Operation("add" if kind == "add" else "remove", began))

    async def ask(self, kind: str, method: str, path: str, document: Any = None, tell: Tell = nobody) -> Answer | None:
        """Ask one API and, where it does not answer, the other; None where neither does."""
        for _ in range(len(self._connections)):
            began = time.monotonic()
            answer = await self._once(method, path, document)
            status = answer.status if answer else NO_ANSWER
            self._book.answers[kind, status] += 1
            tell(status, began, time.monotonic())
            if answer:
                self._book.seconds.append(answer.seconds)
                return answer
            self._connections.append(self._connections.pop(0))
        self._book.failed += 1
        await asyncio.sleep(AWAY_PAUSE_SECONDS)
        return None

    async def _once(self, method: str, path: str, document: Any) -> Answer | None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._connections[0].send(method, path, document)
        except (OSError, EOFError, TimeoutError, ValueError):  # ValueError: half a head
            return None
