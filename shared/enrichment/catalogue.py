"""The catalogue: what is loaded without anybody's asking, within its share of the budget, and in which order."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from shared.enrichment import collections, details, relations
from shared.enrichment.ahead import Ahead
from shared.enrichment.upstream import Upstream
from shared.upstream import ledger
from shared.upstream.terms import Kind

# Beyond this part of the catalogue's share relations and details are loaded of favourites only: the best of the
# collections alone would use up all of it in the first minute of a day, and leave nothing for what people add later.
UNASKED_SHARE = 0.75

Load = Callable[[], Awaitable[str | None]]


class Steps:
    """The steps of one process, which remembers what its latest looks found."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._of_favourites = Ahead(partial(relations.find, upstream, relations.OF_FAVOURITES))
        self._of_the_best = Ahead(partial(relations.find, upstream, relations.OF_THE_BEST))
        self._details = {
            favourites_only: Ahead(partial(details.find, upstream, favourites_only=favourites_only))
            for favourites_only in (True, False)
        }

    async def step(self, turn: int) -> str | None:
        """Load one thing and say what: pages, relations, films, or "missed" where another was faster or a call in vain.

        None where a look just now found nothing due. `turn` is one more each time. Raises NotNow where no call may be
        made.
        """
        favourites_only = await _must_save(self._upstream)
        done = await self._first_due(turn, favourites_only=favourites_only)
        if done is None and self._forget():
            done = await self._first_due(turn, favourites_only=favourites_only)
        return done

    async def _first_due(self, turn: int, *, favourites_only: bool) -> str | None:
        """Collections first, but every fourth call is for what people have; then relations and details take turns."""
        upstream = self._upstream
        pages = partial(collections.load_next, upstream)
        of_favourites = partial(relations.load_next, upstream, self._of_favourites)
        of_others: list[Load] = [] if favourites_only else [partial(relations.load_next, upstream, self._of_the_best)]
        films = partial(details.load_next, upstream, self._details[favourites_only])
        order: tuple[list[Load], ...] = (
            [pages, of_favourites, *of_others, films],
            [pages, films, of_favourites, *of_others],
            [pages, of_favourites, *of_others, films],
            [of_favourites, pages, films, *of_others],
        )
        for load in order[turn % 4]:
            if done := await load():
                return done
        return None

    def _forget(self) -> bool:
        """Look anew the next time; whether any answer was an old one."""
        every: list[Ahead[Any]] = [self._of_favourites, self._of_the_best, *self._details.values()]
        is_any_old = any(ahead.is_old for ahead in every)
        for ahead in every:
            ahead.forget()
        return is_any_old


async def _must_save(upstream: Upstream) -> bool:
    """Whether what is left of the share is for favourites. Raises NotNow where nothing is."""
    terms = upstream.terms
    state = await ledger.look(upstream.engine, terms)
    ledger.room(state, terms, Kind.CATALOGUE)
    ceiling = terms.ceiling(Kind.CATALOGUE, state.daily_limit)
    return ceiling is not None and state.used >= ceiling * UNASKED_SHARE
