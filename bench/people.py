"""Users of the API as the rows need them: each on a connection of its own."""

import asyncio
import time
from collections.abc import Iterator
from random import Random
from urllib.parse import quote

from bench.figures import CannotMeasure
from bench.load import Answer, Connection
from dev.sandbox.films import load_films

PASSWORD = "correct horse battery staple"
POLL_SECONDS = 0.05


class User:
    """Somebody logged in."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self.header = f"Authorization: Bearer {token}"
        self._address = address
        self._connection = self.another_connection()

    def elsewhere(self, address: tuple[str, int]) -> "User":
        """The same person asking another process."""
        return User(address, self.header.rpartition(" ")[2])

    def another_connection(self) -> Connection:
        return Connection(*self._address, self.header)

    def leave(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection.close()

    async def add(self, film: int) -> Answer:
        return await self._connection.send("POST", "/movies/favorites", {"kinopoisk_id": film})

    async def favourites(self, limit: int = 20) -> Answer:
        return await self._connection.send("GET", f"/movies/favorites?limit={limit}")

    async def favourite(self, film: int) -> Answer:
        return await self._connection.send("GET", f"/movies/favorites/{film}")

    async def page(self, limit: int, cursor: str) -> Answer:
        return await self._connection.send("GET", f"/movies/favorites?limit={limit}&cursor={cursor}")

    async def remove(self, film: int) -> Answer:
        return await self._connection.send("DELETE", f"/movies/favorites/{film}")

    async def recommendations(self, limit: int = 5, genre: str = "") -> Answer:
        wanted = f"&genre={genre}" if genre else ""
        return await self._connection.send("GET", f"/recommendations?limit={limit}{wanted}")

    async def profile(self) -> Answer:
        return await self._connection.send("GET", "/profile")

    async def open(self, film: int) -> Answer:
        return await self._connection.send("GET", f"/movies/{film}")

    async def search(self, query: str) -> Answer:
        return await self._connection.send("GET", f"/movies/search?query={quote(query)}")

    async def until_ready(self, film: int, patience_seconds: float = 15) -> float:
        """Look at the list until the film is ready there; answers at what time (perf_counter) it was."""
        end = time.perf_counter() + patience_seconds
        while time.perf_counter() < end:
            items = expected(await self.favourites(), 200).json()["items"]
            if any(item["kinopoisk_id"] == film and item["status"] == "ready" for item in items):
                return time.perf_counter()
            await asyncio.sleep(POLL_SECONDS)
        raise CannotMeasure(f"Film {film} was not ready after {patience_seconds:g} seconds.")

    async def pending(self) -> int:
        return int(expected(await self.profile(), 200).json()["favorites"]["pending"])


async def new_user(address: tuple[str, int], name: str) -> User:
    """Register and log in."""
    guest = Connection(*address)
    credentials = {"username": name, "password": PASSWORD}
    expected(await guest.send("POST", "/register", credentials), 201)
    token = expected(await guest.send("POST", "/login", credentials), 200).json()["access_token"]
    guest.close()
    return User(address, token)


async def new_users(address: tuple[str, int], count: int) -> list[User]:
    return [await new_user(address, f"user{number}") for number in range(count)]


def expected(answer: Answer, status: int) -> Answer:
    """The answer, which must have this status or nothing can be measured."""
    if answer.status != status:
        raise CannotMeasure(f"An answer was {answer.status} instead of {status}: {answer.body[:200]!r}")
    return answer


def films() -> Iterator[int]:
    """Films that the sandbox knows, each once, in an order that is the same in each run."""
    known = list(load_films())
    Random(0).shuffle(known)
    return iter(known)
