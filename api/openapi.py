"""What /openapi.json says beyond the signatures: every problem that can occur, with an example."""

from typing import Any

from pydantic import BaseModel

from api import errors, refusals, shapes
from api.errors import PROBLEM_JSON, Problem

Problems = tuple[type[Problem], ...]
Responses = dict[int | str, dict[str, Any]]

# What the guard, a limit or a fault can answer to any call.
ANYWHERE: Problems = (
    errors.MalformedRequest,
    refusals.UnknownHost,
    refusals.RequestTimeout,
    errors.UriTooLong,
    errors.ContentTooLarge,
    refusals.TooManyRequests,
    refusals.HeadersTooLarge,
    errors.InternalError,
    errors.Unavailable,
    refusals.Overloaded,
)
WITH_BODY: Problems = (errors.UnsupportedMediaType, errors.InvalidRequest)
SIGNED_IN: Problems = (errors.Unauthorized,)

# For the `responses=` of what is told again only when it has changed: 200 has an ETag.
IF_CHANGED: Responses = {304: {"description": "Not changed since the answer whose ETag was sent as If-None-Match"}}

# The `openapi_extra=` of a route that takes a token or none.
TOKEN_OPTIONAL: dict[str, Any] = {"security": [{}]}


def body_as(**kinds: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra=` of a route that reads its body itself, by media type: `body_as(**{JSON: Model})`."""
    content = {kind: {"schema": model.model_json_schema()} for kind, model in kinds.items()}
    return {"requestBody": {"required": True, "content": content}}


def problems(*kinds: type[Problem]) -> Responses:
    """The `responses=` of a route: these problems and those that can occur anywhere, grouped by status."""
    grouped: Responses = {}
    for kind in (*kinds, *ANYWHERE):
        entry = grouped.setdefault(kind.status, {"model": shapes.Problem, "description": kind.title, "content": {}})
        content = entry["content"].setdefault(PROBLEM_JSON, {"examples": {}})
        content["examples"][kind.code] = {"summary": kind.title, "value": example(kind)}
    return grouped


def example(kind: type[Problem]) -> dict[str, Any]:
    return {
        "type": f"/problems/{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail,
        "instance": "/",
        "code": kind.code,
        "request_id": "5d9b3ef0a8e14c0f8a55f3d9a2b1c7e6",
        **kind.example,
    }


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document, with problems described under their own media type only."""
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    answer["content"].pop("application/json", None)
                    answer["content"][PROBLEM_JSON]["schema"] = {"$ref": "#/components/schemas/Problem"}
    return document
