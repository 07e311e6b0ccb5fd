"""Answers and errors of the API, with the bodies that were seen from the real one."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", JSON),)


class ApiError(Exception):
    """A call that cannot be answered with 200."""

    def __init__(self, status: int, message: str | None = None) -> None:
        super().__init__(status, message)
        self.answer = error(status, message)


def ok(payload: dict[str, Any] | list[Any]) -> Answer:
    return Answer(200, orjson.dumps(payload))


def error(status: int, message: str | None = None) -> Answer:
    return Answer(status, orjson.dumps({"message": message or _MESSAGES.get(status) or _phrase(status)}))


def quota_exceeded(sent: int, quota: int) -> str:
    return f"You exceeded the quota. You have sent {sent} request, but available {quota} per day"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


_MESSAGES = {
    401: "You don't have permissions. See https://kinopoiskapiunofficial.tech",
    402: quota_exceeded(503, 500),
    429: "Rate limit exceeded",
}
