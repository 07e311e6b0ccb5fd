"""Cursors of lists: the place after which the next page begins, as 16 letters that clients hand back untouched."""

import base64
import binascii
import re
import struct
from datetime import UTC, datetime, timedelta

from api.errors import BadCursor

_LAYOUT = struct.Struct(">qi")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_cursor(moment: datetime, kinopoisk_id: int) -> str:
    """The cursor behind this row."""
    microseconds = (moment - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(_LAYOUT.pack(microseconds, kinopoisk_id)).decode()


def from_cursor(cursor: str) -> tuple[datetime, int]:
    """The row behind this cursor. Raises BadCursor."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{16}", cursor):
        raise BadCursor
    try:
        microseconds, kinopoisk_id = _LAYOUT.unpack(base64.urlsafe_b64decode(cursor))
        moment = _EPOCH + timedelta(microseconds=microseconds)
    except (binascii.Error, struct.error, OverflowError):
        raise BadCursor from None
    if kinopoisk_id < 1:
        raise BadCursor
    return moment, kinopoisk_id
