"""For those who wait: a place among the calls now, within a moment, or a reason why not."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.upstream import errors, gate, ledger
from shared.upstream.errors import NotNow
from shared.upstream.ledger import Call
from shared.upstream.limiter import Limiter
from shared.upstream.terms import Kind, Terms

# Longer than this nobody waits for a place among the calls: come back is the better answer.
PATIENCE_SECONDS = 2.0
FULL_PAUSE_SECONDS = 0.1
# The bucket of lists holds one token, so none is spare: of those who wait for it people come first by so much.
LET_PASS_SECONDS = 0.02
# A grant counts for the second in which it was given: who was held up since then asks for another.
LATE_SECONDS = 0.1

Wish = TypeVar("Wish")
Entered = TypeVar("Entered")
Entered_co = TypeVar("Entered_co", covariant=True)


@dataclass(frozen=True)
class Access:
    """All that decides whether Kinopoisk may be asked."""

    engine: AsyncEngine
    limiter: Limiter
    terms: Terms


class _NoPlace(Exception):
    """As many calls as may be are under way."""


async def one_film(
    access: Access,
    user_id: uuid.UUID | None,
    film: int | None,
    claim: Callable[[AsyncConnection], Awaitable[Wish | None]],
    kind: Kind = Kind.INTERACTIVE,
    *,
    listed: bool = False,
) -> tuple[Call, Wish] | None:
    """The right to ask for a film, with what `claim` got in the same transaction; None where it got nothing.

    `film` is null for a list that is no film's own; `listed` as for the limiter. Raises NotNow.
    """

    async def enter(connection: AsyncConnection, asker: uuid.UUID | None, *, probe: bool) -> tuple[Call, Wish] | None:
        wish = await claim(connection)
        if wish is None:
            return None
        [call] = await ledger.enter(connection, kind, [film], asker, probe=probe)
        return call, wish

    return await _within_patience(access, user_id, enter, kind, listed=listed)


async def one_list(access: Access, user_id: uuid.UUID | None) -> Call:
    """The right to ask for a page of a search or a list. Raises NotNow."""

    async def enter(connection: AsyncConnection, asker: uuid.UUID | None, *, probe: bool) -> Call:
        [call] = await ledger.enter(connection, Kind.INTERACTIVE, [None], asker, probe=probe)
        return call

    return await _within_patience(access, user_id, enter, Kind.INTERACTIVE, listed=True)


class Enter(Protocol[Entered_co]):
    """Writes a call into the ledger, and who asked."""

    async def __call__(self, connection: AsyncConnection, asker: uuid.UUID | None, *, probe: bool) -> Entered_co: ...


async def _within_patience(
    access: Access, user_id: uuid.UUID | None, enter: Enter[Entered], kind: Kind, *, listed: bool
) -> Entered:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                state = await ledger.look(access.engine, access.terms, user_id)
                if ledger.room(state, access.terms, kind):
                    await in_turn(access.limiter, kind, listed=listed)
                    granted_at = time.monotonic()
                    with suppress(_NoPlace):
                        entered = await _reserve(access, user_id, enter, kind)
                        if time.monotonic() - granted_at > LATE_SECONDS:
                            await in_turn(access.limiter, kind, listed=listed)
                        return entered
                await asyncio.sleep(FULL_PAUSE_SECONDS)
    except TimeoutError:
        raise NotNow(errors.BUSY, 1) from None


async def in_turn(limiter: Limiter, kind: Kind = Kind.INTERACTIVE, *, listed: bool = False) -> None:
    """Wait until the rate allows one call more."""
    later = 0 if kind is Kind.INTERACTIVE else LET_PASS_SECONDS
    while True:
        granted, pause = await limiter.take(1, kind, listed=listed)
        if granted:
            return
        await asyncio.sleep(max(pause, 0.01) + later)


async def _reserve(access: Access, user_id: uuid.UUID | None, enter: Enter[Entered], kind: Kind) -> Entered:
    """Look again, under the lock, and enter. Raises NotNow and _NoPlace."""
    async with access.engine.begin() as connection:
        asker = await ledger.asker(connection, user_id)
        state = await ledger.locked_state(connection, access.terms, asker)
        if not ledger.room(state, access.terms, kind):
            raise _NoPlace
        entered = await enter(connection, asker, probe=state.probe_is_due)
        if entered is not None and state.probe_is_due:
            await gate.take_probe(connection, access.terms)
    return entered
