"""What tests of the catalogue share: which collections there are, what was stored, what was called."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dev.sandbox.lists import collection
from dev.sandbox.server import RunningSandbox
from shared.enrichment import collections
from shared.enrichment.upstream import Upstream
from worker.catalogue import Catalogue

Sql = Callable[..., Awaitable[Any]]

COLLECTIONS, FILMS = "/api/v2.2/films/collections", "/api/v2.2/films/{id}"
SIMILARS, SEQUELS = "/api/v2.2/films/{id}/similars", "/api/v2.1/films/{id}/sequels_and_prequels"
LIKED = """
    INSERT INTO film_sync (kinopoisk_id, status, priority, demand, next_attempt_at)
    VALUES (:film, 'ready', 1, :demand, now() + interval '1 day')
"""
RELATED = "SELECT related FROM film_relation WHERE kinopoisk_id = :film AND relation = :kind"


def only(monkeypatch: pytest.MonkeyPatch, **pages: int) -> None:
    """Of all collections these, with so many pages at the most."""
    monkeypatch.setattr(collections, "PAGES", pages)


@pytest.fixture
def one_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, TOP_250_MOVIES=50)


@pytest.fixture
def no_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)


def loader(upstream: Upstream) -> Catalogue:
    return Catalogue(upstream, enabled=True)


async def by_path(sandbox: RunningSandbox) -> dict[str, int]:
    return dict((await sandbox.calls())["by_path"])


async def films_of(sql: Sql, name: str = "TOP_250_MOVIES") -> list[int]:
    return list(await sql("SELECT films FROM collection WHERE name = :name", name=name))


def as_served(sandbox: RunningSandbox, name: str = "TOP_250_MOVIES") -> list[int]:
    return [film.id for film in collection(sandbox.sandbox.films, name)]


async def like(sql: Sql, *films: int, demand: int = 1) -> None:
    """People have these films, and their details were fetched."""
    for film in films:
        await sql(LIKED, film=film, demand=demand)


async def relation(sql: Sql, film: int, kind: str) -> list[int]:
    return list(await sql(RELATED, film=film, kind=kind))
