"""Around the service in every test: a status that /openapi.json does not declare for its call fails the test."""

import re
from functools import lru_cache
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Statuses = dict[tuple[str, str], set[int]]


class Declared:
    def __init__(self, app: ASGIApp, statuses: Statuses) -> None:
        self._app = app
        self._statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = 0

        async def send_and_note(message: Message) -> None:
            nonlocal answered
            answered = message.get("status", answered)
            await send(message)

        await self._app(scope, receive, send_and_note)
        call = (scope["method"], template_of(scope["path"]))
        declared = self._statuses.get(call)
        assert declared is None or not answered or answered in declared, f"{call} does not declare {answered}"


_document: dict[str, Any] = {}


def statuses_of(app: FastAPI) -> Statuses:
    """What each call declares; the same for all settings."""
    if not _document:
        _document.update(app.openapi()["paths"])
    return _statuses()


@lru_cache(maxsize=1)
def _statuses() -> Statuses:
    return {
        (verb.upper(), path): {int(status) for status in call["responses"]}
        for path, calls in _document.items()
        for verb, call in calls.items()
    }


@lru_cache(maxsize=10_000)
def template_of(path: str) -> str:
    """As /openapi.json has it; the path itself where it has none. Plain paths go before those with an id."""
    if path in _document:
        return path
    fits = (template for template in _document if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path))
    return next(fits, path)
