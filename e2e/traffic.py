"""People who use the service for a while: rightly, wrongly, and in ways that it refuses."""

import io
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Self

import httpx
from rich.console import Console

from dev.demo import demonstrate
from dev.demo_people import PEOPLE

UNKNOWN_FILM = 2_147_483_000
PATIENCE_SECONDS = 120
# Hidden, kept, and kept for a moment.
FILMS_CHOSEN = 3


class Traffic:
    """A run of it. `secrets`: passwords and tokens that were sent, which must be found nowhere."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=20, trust_env=False)
        self.password = f"canary-{secrets.token_hex(16)}"
        self.secrets = {self.password}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def demo(self) -> None:
        """What `make demo` does: people with favourites, each with details."""
        demonstrate(self.url, self.password, Console(file=io.StringIO()))

    def round(self) -> None:
        """Once of everything."""
        for username in (PEOPLE[0].username, PEOPLE[1].username):
            self.visit(username)
        self.refused()

    def visit(self, username: str) -> None:
        headers = self.login(username)
        for query in ("брат", "matrix", secrets.token_hex(4)):
            self.http.get("/movies/search", params={"query": query}, headers=headers)
        for path in ("/profile", "/movies/favorites", "/movies/hidden", "/genres", "/status/upstream", "/movies/301"):
            self.http.get(path, headers=headers)
        self.http.get("/recommendations", params={"genre": "drama", "limit": 10}, headers=headers)
        self.choose(self.shown(headers), headers)
        self.http.post("/movies/301/refresh", headers=headers)
        self.http.post("/token/renew", headers=headers)
        self.http.post("/logout", headers=headers)

    def shown(self, headers: dict[str, str]) -> list[int]:
        """Recommended films; a service that has just begun knows none for a moment."""
        films: list[int] = []
        for _ in rounds(PATIENCE_SECONDS):
            answer = self.http.get("/recommendations", params={"limit": 10}, headers=headers)
            films = [item["film"]["kinopoisk_id"] for item in answer.json()["items"]]
            if len(films) >= FILMS_CHOSEN:
                break
        return films

    def choose(self, films: list[int], headers: dict[str, str]) -> None:
        """Of what was shown: one is hidden, one becomes a favourite, one does so for a moment."""
        hidden, kept, tried = films[:FILMS_CHOSEN]
        self.http.put(f"/movies/hidden/{hidden}", headers=headers)
        for film in (kept, tried):
            self.http.post("/movies/favorites", json={"kinopoisk_id": film}, headers=headers)
        self.http.delete(f"/movies/favorites/{tried}", headers=headers)

    def refused(self) -> None:
        headers = self.login(PEOPLE[2].username)
        wrong = {"username": PEOPLE[2].username, "password": f"wrong-{self.password}"}
        self.http.post("/login", json=wrong)
        self.http.post("/register", json={"username": PEOPLE[2].username, "password": self.password})
        self.http.post("/register", json={"password": self.password})
        self.http.get("/profile", headers={"Authorization": f"Bearer {self.password}"})
        self.http.get(f"/nowhere/{self.password}", headers={"Cookie": f"session={self.password}"})
        self.http.get("/movies/search", params={"query": "", "token": self.password}, headers=headers)
        self.http.get(f"/movies/{UNKNOWN_FILM}", headers=headers)
        self.http.get("/recommendations", params={"genre": self.password}, headers=headers)

    def login(self, username: str) -> dict[str, str]:
        answer = self.http.post("/login", json={"username": username, "password": self.password})
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        self.secrets.add(token)
        return {"Authorization": f"Bearer {token}"}

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Goes on with all of it until something is so; whether it became so."""
        for _ in rounds(seconds):
            self.round()
            if condition():
                return True
        return False


def rounds(seconds: float, pause: float = 1.0) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
