"""One film, from claim to finish. Network first, while no transaction is open; then one short transaction."""

import time
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment import finish
from shared.enrichment.claims import Claim
from shared.enrichment.gate import Gate
from shared.enrichment.limiter import Limiter
from shared.enrichment.policy import Policy
from shared.kinopoisk.client import KinopoiskClient
from shared.kinopoisk.errors import FilmUnknown, KinopoiskFault, KinopoiskRefusal, NoConnection

log = structlog.get_logger()


@dataclass(frozen=True)
class Upstream:
    """All that it takes to ask Kinopoisk and to keep what it says."""

    engine: AsyncEngine
    kinopoisk: KinopoiskClient
    gate: Gate
    limiter: Limiter
    policy: Policy


async def enrich(upstream: Upstream, claim: Claim) -> None:
    """Fetch the claimed film, store and project it, finish the claim. Safe to run twice."""
    started = time.perf_counter()
    outcome, status = await _attempt(upstream, claim)
    log.info(
        "film_enriched",
        kinopoisk_id=claim.kinopoisk_id,
        outcome=outcome,
        status=status or "lease_lost",
        attempt=claim.attempts,
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
    )


async def _attempt(upstream: Upstream, claim: Claim) -> tuple[str, str | None]:
    """What came of the call, and the status of the film now (None: the lease was lost)."""
    engine, policy = upstream.engine, upstream.policy
    if claim.attempts > policy.max_attempts:  # its holders died one after the other: let it rest
        return "abandoned", await finish.failed(engine, policy, claim, "abandoned")
    try:
        body = await upstream.kinopoisk.film(claim.kinopoisk_id)
    except FilmUnknown as error:
        await upstream.gate.answered()
        return error.code, await finish.not_found(engine, policy, claim)
    except KinopoiskRefusal as refusal:
        pause = await upstream.gate.close(refusal)
        return refusal.code, await finish.released(engine, claim, refusal.code, pause)
    except NoConnection as error:
        return error.code, await finish.released(engine, claim, error.code, timedelta(seconds=1))
    except KinopoiskFault as error:
        return error.code, await finish.failed(engine, policy, claim, error.code)
    await upstream.gate.answered()
    return "stored", await finish.ready(engine, policy, claim, body)
