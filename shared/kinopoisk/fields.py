"""Field types that forgive what upstream is known to send: "", "null", "99%", no-break spaces, HH:MM."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

LARGEST_ID = 2**31 - 1
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\ufeff]+")
_NOTHING = {"", "null"}


def _text(value: Any) -> Any:
    """No-break spaces, control characters and runs of white space become one space, emptiness is null."""
    if not isinstance(value, str):
        return value
    cleaned = _BLANK.sub(" ", value).strip()
    return None if cleaned.casefold() in _NOTHING else cleaned


def _prose(value: Any) -> Any:
    """A text of several paragraphs keeps its lines."""
    if not isinstance(value, str):
        return value
    return "\n".join(line for line in map(_text, value.splitlines()) if line) or None


def _rating(value: Any) -> float | None:
    """8.8, "8.8" and 8 are ratings; "null", "99%" (expectation) and dates are not."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,9})?", str(value)):
        return None
    rating = round(float(value), 1)
    return rating if 0 < rating <= 10 else None


def _count(value: Any) -> int | None:
    match = re.fullmatch(r"[0-9]{1,10}", str(value))
    return min(int(match[0]), LARGEST_ID) if match else None


def _year(value: Any) -> int | None:
    """1999, "1999" and "2019-2021" (its first year); 0 and "null" are no years."""
    match = re.match(r"(1[89]|20|21)[0-9]{2}(?![0-9])", str(value))
    return int(match[0]) if match else None


def _minutes(value: Any) -> int | None:
    """136, "136", "02:16" and "2:16"."""
    if match := re.fullmatch(r"([0-9]{1,3}):([0-5][0-9])", str(value)):
        return int(match[1]) * 60 + int(match[2]) or None
    return _count(value) or None


def _age(value: Any) -> int | None:
    """ "age16" is 16."""
    match = re.fullmatch(r"(?:age)?([0-9]{1,2})", str(value))
    return int(match[1]) if match else None


def _address(value: Any) -> str | None:
    """A web address or nothing: what clients put into an image tag must not be a script."""
    found = isinstance(value, str) and re.fullmatch(r"https?://[^\s\"'<>\\\x00-\x20]{1,2000}", value)
    return value if found else None


def _list(value: Any) -> Any:
    return [] if value is None else value


def _no_bool(value: Any) -> Any:
    """true is no film 1."""
    return None if isinstance(value, bool) else value


FilmId = Annotated[int, BeforeValidator(_no_bool), Field(gt=0, le=LARGEST_ID)]
Text = Annotated[str | None, BeforeValidator(_text)]
Prose = Annotated[str | None, BeforeValidator(_prose)]
Rating = Annotated[float | None, BeforeValidator(_rating)]
Count = Annotated[int | None, BeforeValidator(_count)]
Year = Annotated[int | None, BeforeValidator(_year)]
Minutes = Annotated[int | None, BeforeValidator(_minutes)]
AgeLimit = Annotated[int | None, BeforeValidator(_age)]
Address = Annotated[str | None, BeforeValidator(_address)]
OrEmpty = BeforeValidator(_list)
