"""What a hostile request meets, and what must be true of every answer to it."""

import re
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from tests.client import Client

CANARY = "kanarienvogel"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# What an exception or a statement would look like.
INTERNALS = re.compile(
    r"Traceback|sqlalchemy|asyncpg|pydantic|starlette|File \"|SELECT |INSERT |film_sync|user_account|\.py\b|Error\("
)

ACCOUNTS = """
    SELECT 'account', username, password_hash, created_at::text FROM user_account
    UNION ALL SELECT 'session', id::text, user_id::text, expires_at::text FROM session
    UNION ALL SELECT 'favourite', user_id::text, kinopoisk_id::text, added_at::text FROM favourite
    UNION ALL SELECT 'hidden', user_id::text, kinopoisk_id::text, hidden_at::text FROM hidden_film
    ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class Fort:
    """The service with Anna, who has one favourite, and Clara, who has two and hid a film: 302, 303 and 304."""

    anna: Client
    clara: Client
    database: AsyncEngine

    @property
    def http(self) -> httpx.AsyncClient:
        return self.anna.http

    async def treasure(self) -> list[Any]:
        """What no hostile request may change."""
        async with self.database.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(ACCOUNTS))]

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """As Anna, unless the headers say who."""
        headers = list(httpx.Headers(options.pop("headers", {})).raw)
        if not any(name.lower() == b"authorization" for name, _ in headers):
            headers.append((b"Authorization", f"Bearer {self.anna.token}".encode()))
        return await self.http.request(method, path, headers=headers, **options)


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """This refusal, in its whole documented form, with nothing of what was sent and nothing of the inside."""
    seen = (answer.status_code, answer.headers.get("content-type"), answer.text[:300])
    assert seen[:2] == (status, "application/problem+json"), seen
    problem = shapes.Problem.model_validate_json(answer.content, strict=True).model_dump()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"/problems/{code}"), seen
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", problem["request_id"])
    told = answer.text.replace(problem["instance"], "") + "".join(answer.headers.values())
    assert CANARY not in told, "nothing that was sent is echoed"
    assert not INTERNALS.search(told), told
    assert {*problem} <= {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "request_id",
        "errors",
        "genres",
        "nearest",
    }
    for error in problem.get("errors", []):
        assert {*error} == {"location", "code", "message"}


REFUSALS = {
    400: "malformed-request",
    401: "unauthorized",
    404: "not-found",
    405: "method-not-allowed",
    413: "content-too-large",
    414: "uri-too-long",
    415: "unsupported-media-type",
    422: "invalid-request",
}
