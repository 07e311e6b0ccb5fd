"""How the service stands with Kinopoisk: budget, gate, breaker, backlog, refreshes."""

from typing import Annotated

from fastapi import APIRouter, Response

from api import shapes
from api.answers import json_answer
from api.held import held
from api.identity import CurrentIdentity
from api.openapi import SIGNED_IN, problems
from api.queries.deps import ReadEngine
from shared.upstream.status import read_status
from shared.upstream.terms import Terms

router = APIRouter(prefix="/status", tags=["queries"])

UpstreamTerms = Annotated[Terms, held("terms")]


@router.get("/upstream", response_model=shapes.UpstreamStatus, responses=problems(*SIGNED_IN))
async def get_upstream_status(_: CurrentIdentity, engine: ReadEngine, terms: UpstreamTerms) -> Response:
    """What is left of the day's calls to Kinopoisk, whether it can be asked, and what waits for it."""
    return json_answer(await read_status(engine, terms), store=False)
