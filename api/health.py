"""Whether the process lives and whether it can serve: PostgreSQL and the schema decide."""

from fastapi import APIRouter, Response

from api import errors, shapes
from api.answers import json_answer
from api.openapi import problems
from api.queries.deps import ReadEngine
from shared.schema import SchemaBehind, check_schema

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", response_model=shapes.Health, responses=problems())
async def live() -> Response:
    """The process answers."""
    return json_answer({"status": "ok"}, store=False)


@router.get("/ready", response_model=shapes.Health, responses=problems())
async def ready(engine: ReadEngine) -> Response:
    """PostgreSQL answers and the schema is current; Redis may be away."""
    try:
        await check_schema(engine)
    except SchemaBehind:
        raise errors.Unavailable(retry_after=5) from None
    return json_answer({"status": "ok"}, store=False)
