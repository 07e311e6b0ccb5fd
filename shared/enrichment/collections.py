"""Kinopoisk's collections, page by page: good films for those of whom nothing is known, 20 of them a call."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import metrics
from shared.enrichment import errands
from shared.enrichment.policy import Policy, spread
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.client import KinopoiskClient
from shared.kinopoisk.models import FoundPage

PAGE_SIZE = 20
# How many pages of each at the most; upstream has 50, or 13 of a top 250. First what is best and popular, 76 calls,
# then breadth of genres, 40 more. A free plan's catalogue may have 200 a day: the rest is for relations and details.
BEST = {"TOP_250_MOVIES": 50, "TOP_POPULAR_ALL": 50, "TOP_250_TV_SHOWS": 50}
BREADTH = {"POPULAR_SERIES": 10, "FAMILY": 10, "KIDS_ANIMATION_THEME": 10, "LOVE_THEME": 10}
PAGES = BEST | BREADTH

# First pages first, so that there is something of each soon.
DUE = text("""
    SELECT wanted.name, coalesce(next_page, 1) AS page
    FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS wanted (name, place) LEFT JOIN collection USING (name)
    WHERE next_attempt_at IS NULL OR next_attempt_at <= now()
    ORDER BY wanted.name = ANY(CAST(:best AS text[])) DESC, page, place LIMIT 1
""")

LEASE = text("""
    INSERT INTO collection (name, attempts, next_attempt_at) VALUES (:name, 1, now() + CAST(:lease AS interval))
    ON CONFLICT (name) DO UPDATE SET attempts = collection.attempts + 1, next_attempt_at = excluded.next_attempt_at
        WHERE collection.next_attempt_at <= now() AND collection.next_page = :page
    RETURNING attempts
""")

LOADED = text("SELECT films FROM collection WHERE name = :name AND next_page = :page FOR UPDATE")

KEEP = text("""
    UPDATE collection SET films = :films, next_page = :next_page, attempts = 0,
        next_attempt_at = now() + CAST(:again AS interval),
        fetched_at = CASE CAST(:next_page AS integer) WHEN 1 THEN now() ELSE fetched_at END
    WHERE name = :name
""")

PUT_OFF = text("""
    UPDATE collection SET attempts = :attempts, next_attempt_at = now() + CAST(:delay AS interval)
    WHERE name = :name AND next_page = :page AND attempts = :held
""")


async def load_next(upstream: Upstream) -> str | None:
    """Load the page that is due, if one is. Raises NotNow."""
    page = await _due(upstream.engine)
    if page is None:
        return None
    if await errands.run(upstream, page):
        metrics.count("catalogue.pages")
        return "pages"
    return "missed"


async def _due(engine: AsyncEngine) -> "CollectionPage | None":
    async with engine.connect() as connection:
        row = (await connection.execute(DUE, {"names": list(PAGES), "best": list(BEST)})).one_or_none()
    return CollectionPage(*row) if row else None


@dataclass(frozen=True)
class CollectionPage:
    """An errand: a page of a collection."""

    name: str
    page: int
    film = None
    listed = True

    async def lease(self, connection: AsyncConnection, policy: Policy) -> int | None:
        attempts: int | None = await connection.scalar(LEASE, {**self._key, "lease": policy.lease})
        return attempts

    async def ask(self, kinopoisk: KinopoiskClient) -> FoundPage:
        return await kinopoisk.collection(self.name, self.page)

    async def keep(self, connection: AsyncConnection, policy: Policy, answer: FoundPage) -> None:
        films: list[int] | None = await connection.scalar(LOADED, self._key)
        if films is None:  # another got this page meanwhile, and went on
            return
        is_last = answer.items < PAGE_SIZE or self.page >= PAGES[self.name]
        values = {
            "name": self.name,
            "films": self._in_order(films, answer, is_last=is_last),
            "next_page": 1 if is_last else self.page + 1,
            "again": spread(policy.collections_days * policy.day) if is_last else timedelta(),
        }
        await connection.execute(KEEP, values)

    async def put_off(self, connection: AsyncConnection, held: int, attempts: int, delay: timedelta) -> None:
        await connection.execute(PUT_OFF, {**self._key, "held": held, "attempts": attempts, "delay": delay})

    @property
    def _key(self) -> dict[str, str | int]:
        return {"name": self.name, "page": self.page}

    def _in_order(self, films: list[int], answer: FoundPage, *, is_last: bool) -> list[int]:
        """This page in its place; behind it stays what an earlier round told, until the last page is there."""
        if self.page == 1 and not answer.films:  # a collection that was there is not gone: keep the earlier round
            return films
        start = (self.page - 1) * PAGE_SIZE
        told = [listed.film.kinopoisk_id for listed in answer.films]
        return list(dict.fromkeys([*films[:start], *told, *([] if is_last else films[start:])]))
