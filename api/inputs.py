"""What clients may send: strict types, one definition each. Never tables."""

import re
import uuid
from typing import Annotated, Any

import structlog
from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from api.passwords import LONGEST, SHORTEST, objection

LARGEST_ID = 2**31 - 1


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


def _ascii_digits(value: Any) -> Any:
    """Pydantic would take "+1", "1_0" and "1.0" for numbers."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,10}", value):
        raise ValueError("must be a whole number in ASCII digits")
    return value


def _password(value: str) -> str:
    """All that can be said without knowing whose it is."""
    if against := objection(value):
        raise ValueError(against)
    return value


def _canonical_uuid(value: Any) -> Any:
    """Pydantic would take braces, "urn:uuid:" and missing hyphens."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        raise ValueError("must be an id as the list gives it")
    return value


def _trimmed(longest: int) -> AfterValidator:
    """Lengths count after trimming."""

    def check(value: str) -> str:
        trimmed = value.strip()
        if not 1 <= len(trimmed) <= longest:
            raise ValueError(f"must have 1 to {longest} characters")
        return trimmed

    return AfterValidator(check)


# What is left after trimming has a letter: Python trims more than a schema's \s knows.
NOT_BLANK = r"^[^\x00]*[^\s\x00\x1c-\x1f\x85][^\x00]*$"

Username = Annotated[str, Field(min_length=3, max_length=64, pattern=r"^[A-Za-z0-9._@-]+$", examples=["anna"])]
# Lengths that only count after normalising or trimming are told to /openapi.json, and checked by the functions above.
NewPassword = Annotated[
    str,
    Field(
        max_length=1024,
        examples=["correct horse battery staple"],
        json_schema_extra={
            "format": "password",
            "minLength": SHORTEST,
            "maxLength": LONGEST,
            "pattern": r"^[^\x00]*$",
        },
    ),
    AfterValidator(_password),
]
# Bounded, but not held against the rules for new ones: those are no business of a wrong guess.
GivenPassword = Annotated[
    str,
    Field(
        max_length=1024,
        pattern=r"^[^\x00]*$",
        examples=["correct horse battery staple"],
        json_schema_extra={"format": "password"},
    ),
]
SessionId = Annotated[uuid.UUID, Path(), BeforeValidator(_canonical_uuid)]
KinopoiskId = Annotated[int, Field(ge=1, le=LARGEST_ID, examples=[301], description="Id of the film on kinopoisk.ru")]
PageSize = Annotated[int, Query(ge=1, le=100), BeforeValidator(_ascii_digits)]
ListLength = Annotated[int, Query(ge=1, le=50), BeforeValidator(_ascii_digits)]
PageNumber = Annotated[int, Query(ge=1, le=20), BeforeValidator(_ascii_digits)]
SearchQuery = Annotated[
    str,
    _trimmed(200),
    Query(examples=["матрица"], json_schema_extra={"minLength": 1, "maxLength": 200, "pattern": NOT_BLANK}),
]
TypedGenre = Annotated[
    str,
    _trimmed(64),
    Query(
        description="A genre's slug or its name in Russian or English, see GET /genres",
        examples=["комедия"],
        json_schema_extra={"minLength": 1, "maxLength": 64, "pattern": NOT_BLANK},
    ),
]
Cursor = Annotated[
    str,
    Query(
        description="next_cursor of the page before",
        json_schema_extra={"pattern": "^[A-Za-z0-9_-]{16}$"},
    ),
]


def _noted(kinopoisk_id: int) -> int:
    """Log lines of this request bear it."""
    structlog.contextvars.bind_contextvars(kinopoisk_id=kinopoisk_id)
    return kinopoisk_id


FilmInPath = Annotated[
    int, Path(ge=1, le=LARGEST_ID, examples=[301]), BeforeValidator(_ascii_digits), AfterValidator(_noted)
]
