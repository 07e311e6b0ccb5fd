"""What a lookup may hold: the read-only engine, and enrichment for what is not stored."""

from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors
from shared.enrichment.errors import NotNow
from shared.enrichment.on_demand import FilmsOnDemand
from shared.enrichment.search import Searches


async def _read_engine(request: Request) -> AsyncEngine:
    engine: AsyncEngine = request.state.read_engine
    return engine


async def _films(request: Request) -> FilmsOnDemand:
    films: FilmsOnDemand = request.state.films
    return films


async def _searches(request: Request) -> Searches:
    searches: Searches = request.state.searches
    return searches


ReadEngine = Annotated[AsyncEngine, Depends(_read_engine)]
OnDemand = Annotated[FilmsOnDemand, Depends(_films)]
UpstreamSearch = Annotated[Searches, Depends(_searches)]

PROBLEMS = {
    "upstream-too-fast": errors.UpstreamBusy,
    errors.UpstreamQuotaExhausted.code: errors.UpstreamQuotaExhausted,
    errors.UpstreamBusy.code: errors.UpstreamBusy,
}


def not_now(reason: NotNow) -> errors.Problem:
    """Why upstream cannot be asked, as a 503: its own 401, 402 and 429 never become ours."""
    return PROBLEMS.get(reason.code, errors.UpstreamUnavailable)(retry_after=reason.retry_after)
