"""How the service is."""

from typing import Any, Literal

from pydantic import ConfigDict

from api.shapes.base import Shape


def _ready(status: str, redis: str, worker: str, workers: int | None) -> dict[str, Any]:
    return {"status": status, "postgres": "ok", "redis": redis, "worker": worker, "workers": workers}


class Health(Shape):
    status: Literal["ok"]


class Readiness(Shape):
    """`degraded`: people are served, but new films wait for a worker, or what Redis is for is slower or left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                _ready("ok", "ok", "ok", 2),
                _ready("degraded", "ok", "missing", 0),
                _ready("degraded", "away", "unknown", None),
            ]
        },
    )
    status: Literal["ok", "degraded"]
    postgres: Literal["ok"]
    redis: Literal["ok", "away"]
    worker: Literal["ok", "missing", "unknown"]
    # Null while Redis, where they report, is away.
    workers: int | None
