"""Checks of JSON objects that come in through the control. Nothing here knows what they mean."""

from collections.abc import Mapping
from types import NoneType
from typing import Any

Types = tuple[type, ...]
NUMBER: Types = (int, float)


def checked(body: object, fields: Mapping[str, Types]) -> dict[str, Any]:
    """The body, if it is an object with nothing but these fields, each of one of its types."""
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object")
    if unknown := sorted(set(body) - set(fields)):
        raise ValueError(f"Unknown: {', '.join(unknown)}. Known: {', '.join(fields)}")
    for name, value in body.items():
        # A bool is an int to Python, but never a number to us.
        if not isinstance(value, fields[name]) or (isinstance(value, bool) and bool not in fields[name]):
            raise ValueError(f"{name} must be {' or '.join(map(_name, fields[name]))}")
    return body


def choice(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{name} must be one of: {', '.join(known)}")
    return value


def at_least(name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ValueError(f"{name} must be {least} or more")


def _name(type_: type) -> str:
    return "null" if type_ is NoneType else type_.__name__
