"""A list that nobody waits for, from the right to ask for it to what came of it: collections and relations.

As with films: a lease that ends by itself, network first while no transaction is open, then short transactions. A
holder that dies leaves its lease; a list that is fetched twice changes nothing. One whose holders all died rests, and
costs a single call when it is due again.
"""

from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import metrics, sentry
from shared.enrichment.films import BUSY_PAUSE
from shared.enrichment.policy import Policy
from shared.enrichment.store import store_summaries
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.client import KinopoiskClient
from shared.kinopoisk.errors import KinopoiskFault, KinopoiskRefusal, NoConnection
from shared.kinopoisk.models import FoundPage
from shared.upstream import access, calls
from shared.upstream.errors import NotNow
from shared.upstream.ledger import Call
from shared.upstream.terms import Kind

log = structlog.get_logger()


class Errand(Protocol):
    """One list to ask for, and where it is noted."""

    @property
    def film(self) -> int | None:
        """Whose list it is."""

    @property
    def listed(self) -> bool:
        """Whether upstream bounds it by the lower rate of lists."""

    async def lease(self, connection: AsyncConnection, policy: Policy) -> int | None:
        """How many attempts there were, with this one; None where it is not due any more."""

    async def ask(self, kinopoisk: KinopoiskClient) -> FoundPage:
        """The call."""

    async def keep(self, connection: AsyncConnection, policy: Policy, answer: FoundPage) -> None:
        """Note the answer, whose films are stored by then, and when it is due again."""

    async def put_off(self, connection: AsyncConnection, held: int, attempts: int, delay: timedelta) -> None:
        """End the lease that was got with attempt `held`: due again after the delay, with so many attempts behind."""


async def run(upstream: Upstream, errand: Errand) -> bool:
    """Whether upstream answered. Raises NotNow where nothing may be called for a while."""
    entered = await access.one_film(
        upstream.access,
        None,
        errand.film,
        lambda connection: errand.lease(connection, upstream.policy),
        Kind.CATALOGUE,
        listed=errand.listed,
    )
    if entered is None:  # somebody else has just taken it
        return False
    call, attempt = entered
    if attempt > upstream.policy.max_attempts:
        await _abandoned(upstream, errand, call, attempt)
        return False
    answer = await _called(upstream, errand, call, attempt)
    if answer is None:
        return False
    await store_summaries(upstream.engine, answer.films)
    async with upstream.engine.begin() as connection:
        await errand.keep(connection, upstream.policy, answer)
    return True


async def _called(upstream: Upstream, errand: Errand, call: Call, attempt: int) -> FoundPage | None:
    """The answer, or None after a fault. Raises NotNow after a refusal."""
    engine, terms = upstream.engine, upstream.terms
    try:
        answer = await errand.ask(upstream.kinopoisk)
    except KinopoiskRefusal as refusal:
        seconds = await calls.end(engine, terms, call, refusal.code)
        await _put_off(engine, errand, attempt, attempt - 1, timedelta())
        raise NotNow(refusal.code, seconds) from None
    except NoConnection as busy:
        await calls.never_made(engine, call)
        await _put_off(engine, errand, attempt, attempt - 1, BUSY_PAUSE)
        raise NotNow(busy.code, BUSY_PAUSE.total_seconds()) from None
    except KinopoiskFault:
        await calls.end(engine, terms, call, calls.FAULT)
        await _failed(upstream, errand, attempt)
        return None
    await calls.end(engine, terms, call, calls.ANSWERED)
    return answer


async def _abandoned(upstream: Upstream, errand: Errand, call: Call, attempt: int) -> None:
    """The holder of the last attempt died too."""
    policy = upstream.policy
    await calls.never_made(upstream.engine, call)
    await _put_off(upstream.engine, errand, attempt, policy.max_attempts - 1, policy.give_up_for())
    kind = type(errand).__name__
    log.error("list_abandoned", list=kind, attempts=attempt - 1)
    sentry.alarm(
        "list-abandoned", "Processes ended again and again while they fetched a list: it is left alone", list=kind
    )


async def _failed(upstream: Upstream, errand: Errand, attempt: int) -> None:
    """Try later, or give up for now after the last of the attempts."""
    policy = upstream.policy
    metrics.count("catalogue.failed")
    if attempt >= policy.max_attempts:
        await _put_off(upstream.engine, errand, attempt, 0, policy.give_up_for())
    else:
        await _put_off(upstream.engine, errand, attempt, attempt, policy.retry_in(attempt))


async def _put_off(engine: AsyncEngine, errand: Errand, held: int, attempts: int, delay: timedelta) -> None:
    async with engine.begin() as connection:
        await errand.put_off(connection, held, attempts, delay)
