"""What /openapi.json says beyond the signatures: every problem that can occur, with an example."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from pydantic import BaseModel
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

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


class DescribedAPI(FastAPI):
    """FastAPI, with problems described under their own media type only, and nothing of its own around our layers."""

    def build_middleware_stack(self) -> ASGIApp:
        """Without its last resort, bound of bodies and telemetry: ours are RequestLog, RequestGuard and metrics."""
        handlers: Mapping[Any, Any] = self.exception_handlers
        app: ASGIApp = ExceptionMiddleware(AsyncExitStackMiddleware(self.router), handlers)
        for middleware, arguments, options in reversed(self.user_middleware):
            app = middleware(app, *arguments, **options)
        return app

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        for path in document["paths"].values():
            for operation in path.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        answer["content"].pop("application/json", None)
                        answer["content"][PROBLEM_JSON]["schema"] = {"$ref": "#/components/schemas/Problem"}
        return document
