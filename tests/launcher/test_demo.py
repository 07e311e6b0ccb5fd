"""The demo against a pretended service."""

import io
import json
from collections import Counter
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from dev import demo
from dev.demo_people import PEOPLE
from dev.problems import CannotStart


class Service:
    """Remembers who is there; favourites become ready by being asked about."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}
        self.favourites: dict[str, list[int]] = {}
        self.asked: Counter[str] = Counter()
        self.ready_after = 2
        self.broken_path = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked[path] += 1
        if path == self.broken_path:
            return httpx.Response(503, json={"title": "Not now"}, headers={"content-type": "application/problem+json"})
        body = json.loads(request.content or b"{}")
        if path in {"/register", "/login"}:
            return self.account(path, body)
        return self.movies(request, body)

    def account(self, path: str, body: dict[str, str]) -> httpx.Response:
        name, password = body["username"], body["password"]
        if path == "/register":
            known = name in self.passwords
            self.passwords.setdefault(name, password)
            return httpx.Response(409 if known else 201)
        right = self.passwords[name] == password
        return httpx.Response(200 if right else 401, json={"access_token": name})

    def movies(self, request: httpx.Request, body: dict[str, int]) -> httpx.Response:
        mine = self.favourites.setdefault(request.headers["authorization"].removeprefix("Bearer "), [])
        if request.method == "POST":
            mine += [] if body["kinopoisk_id"] in mine else [body["kinopoisk_id"]]
            return httpx.Response(202)
        if request.url.path == "/profile":
            pending = 0 if self.asked["/profile"] > self.ready_after else len(mine)
            return httpx.Response(200, json={"favorites": {"total": len(mine), "pending": pending}})
        if request.url.path == "/recommendations":
            item = {"film": {"name_ru": "Брат", "year": 1997}, "reason": {"text": "Популярно сейчас"}}
            return httpx.Response(200, json={"items": [item]})
        items = [
            {"kinopoisk_id": film, "status": "ready", "film": {"name_ru": "Матрица", "year": 1999}} for film in mine
        ]
        return httpx.Response(200, json={"items": [*items[:2], {"kinopoisk_id": 1, "status": "pending", "film": None}]})


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr(demo, "POLL_SECONDS", 0)
    return Service()


def demonstrate(service: Service) -> str:
    said = io.StringIO()
    console = Console(file=said, width=100)
    demo.demonstrate("http://shelf.test", "open sesame", console, httpx.MockTransport(service))
    return said.getvalue()


def test_shows_everybody_and_can_be_repeated(service: Service) -> None:
    first = demonstrate(service)
    favourites = {name: list(films) for name, films in service.favourites.items()}
    assert favourites == {person.username: list(reversed(person.favourites)) for person in PEOPLE}
    assert all(person.username in first for person in PEOPLE)
    assert "Everybody's password: open sesame" in first
    assert "curl -H 'Authorization: Bearer demo.anna' 'http://shelf.test/movies/favorites?limit=5'" in first
    assert "Популярно сейчас" in first
    demonstrate(service)
    assert service.favourites == favourites


def test_people_like_enough_and_not_the_same(service: Service) -> None:
    assert all(8 <= len(set(person.favourites)) == len(person.favourites) <= 15 for person in PEOPLE)
    liked = Counter(film for person in PEOPLE for film in person.favourites)
    assert 50 < len(liked) < 75
    assert liked[301] == 2


def test_password_of_another_machine_is_told(service: Service) -> None:
    service.passwords["demo.anna"] = "another"
    with pytest.raises(CannotStart, match=r"demo\.anna is registered with another password"):
        demonstrate(service)


def test_service_that_does_not_do_its_part(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.broken_path = "/movies/favorites"
    with pytest.raises(CannotStart, match="POST /movies/favorites answered 503 Not now"):
        demonstrate(service)
    service.broken_path = ""
    service.ready_after = 1_000_000
    monkeypatch.setattr(demo, "PATIENCE_SECONDS", 0)
    with pytest.raises(CannotStart, match="films have no details yet"):
        demonstrate(service)


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "settings.toml"
    settings.touch()
    monkeypatch.setenv("KINOSHELF_SETTINGS", str(settings))
    monkeypatch.setenv("KINOSHELF_DATA", str(tmp_path))
    monkeypatch.setenv("KINOSHELF__API__PORT", "1")
    assert demo.main() == 1
    assert "Nothing answers at http://127.0.0.1:1; start the service with: make run" in capsys.readouterr().err
    monkeypatch.setenv("KINOSHELF__API__PORT", "many")
    assert demo.main() == 1
    monkeypatch.setattr(demo, "demonstrate", lambda *_: None)
    monkeypatch.setenv("KINOSHELF__API__PORT", "1")
    assert demo.main() == 0
    monkeypatch.setattr(demo, "service_address", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert demo.main() == 130
