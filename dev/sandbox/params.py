"""Parameters of a call, from its path and query. What is wrong becomes a 400."""

import math
from collections.abc import Mapping
from typing import TypeVar

from starlette.requests import Request

from dev.sandbox.answers import ApiError

T = TypeVar("T")

_MOST_DIGITS = 18


def whole(text: str) -> int | None:
    """A number of 1 or more in plain digits."""
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        return int(text) or None
    return None


def film_id(request: Request) -> int:
    return _given(whole(request.path_params["id"]), "id")


def page_number(request: Request, *, most: int) -> int:
    page = whole(request.query_params.get("page", "1"))
    return _given(page if page and page <= most else None, "page")


def number(request: Request, name: str, default: float) -> float:
    try:
        value = float(request.query_params.get(name, default))
    except ValueError:
        value = math.nan
    return _given(value if math.isfinite(value) else None, name)


def one_of(request: Request, name: str, known: tuple[str, ...]) -> str:
    """One of the known values; the first is the default."""
    value = request.query_params.get(name, known[0])
    return _given(value if value in known else None, name)


def name_of(request: Request, name: str, names: Mapping[int, str]) -> str | None:
    """The genre or country of an id; at most one id may be given. An unknown id has no films."""
    if not (text := request.query_params.get(name)):
        return None
    return names.get(_given(whole(text), name), "?")


def _given(value: T | None, name: str) -> T:
    if value is None:
        raise ApiError(400, f"Wrong parameter: {name}")
    return value
