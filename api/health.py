"""Whether the process lives and whether it can serve: PostgreSQL and the schema decide."""

from typing import Any

from fastapi import APIRouter, Response

from api import errors, shapes
from api.answers import json_answer
from api.openapi import problems
from api.readiness import HeldReadiness, Report

router = APIRouter(prefix="/health", tags=["health"])

RETRY_SECONDS = 5


@router.get("/live", response_model=shapes.Health, responses=problems())
async def live() -> Response:
    """The process answers."""
    return json_answer({"status": "ok"}, store=False)


@router.get("/ready", response_model=shapes.Readiness, responses=problems())
async def ready(readiness: HeldReadiness) -> Response:
    """PostgreSQL answers and the schema is current, else 503. Without Redis or a worker the service is `degraded`.

    The answer may be two seconds old.
    """
    found = await readiness.report()
    if not found.ready:
        raise errors.Unavailable(retry_after=RETRY_SECONDS)
    return json_answer(described(found), store=False)


def described(found: Report) -> dict[str, Any]:
    """What has to be done without, in words."""
    worker = "unknown" if found.workers is None else "ok" if found.workers else "missing"
    return {
        "status": "ok" if worker == "ok" else "degraded",
        "postgres": found.postgres,
        "redis": "away" if found.workers is None else "ok",
        "worker": worker,
        "workers": found.workers,
    }
