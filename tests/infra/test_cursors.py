"""Cursors: any row comes back, anything else is refused."""

import base64
import random
import re
import string
import struct
from datetime import UTC, datetime, timedelta

import pytest

from api.cursors import from_cursor, to_cursor
from api.errors import BadCursor

MOMENT = datetime(2026, 11, 22, 16, 5, 9, 123456, UTC)
GOOD = to_cursor(MOMENT, 301)
LARGEST = 2**31 - 1


def packed(microseconds: int, kinopoisk_id: int) -> str:
    return base64.urlsafe_b64encode(struct.pack(">qi", microseconds, kinopoisk_id)).decode()


MALFORMED = {
    "empty": "",
    "a letter less": GOOD[:-1],
    "a letter more": GOOD + "A",
    "twice": GOOD * 2,
    "padding": GOOD[:-1] + "=",
    "plus": GOOD[:-1] + "+",
    "slash": GOOD[:-1] + "/",
    "space": GOOD[:-1] + " ",
    "line break": GOOD + "\n",
    "line break inside": GOOD[:-1] + "\n",
    "leading space": " " + GOOD[:-1],
    "NUL": GOOD[:-1] + "\x00",
    "Cyrillic": GOOD[:-1] + "А",
    "Arabic digit": GOOD[:-1] + "٣",
    "full width": GOOD[:-1] + "Ａ",
    "surrogate": GOOD[:-1] + "\ud800",
    "quote": GOOD[:-1] + "'",
    "percent": GOOD[:-1] + "%",
    "null": "null",
    "number": "301",
    "huge": "A" * 100_000,
    "film 0": packed(0, 0),
    "film -1": packed(0, -1),
    "smallest film": packed(0, -(2**31)),
    "after all time": packed(2**63 - 1, 301),
    "before all time": packed(-(2**63), 301),
    "just after all time": packed(
        (datetime.max.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) + 1, 1
    ),
}


def test_any_row_comes_back() -> None:
    chance = random.Random(42)
    latest = 4_102_444_800_000_000  # the year 2100
    for _ in range(2_000):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=chance.randint(-latest, latest))
        kinopoisk_id = chance.randint(1, LARGEST)
        assert from_cursor(to_cursor(moment, kinopoisk_id)) == (moment, kinopoisk_id)


@pytest.mark.parametrize(
    ("moment", "kinopoisk_id"),
    [
        (MOMENT, 1),
        (MOMENT, LARGEST),
        (datetime.min.replace(tzinfo=UTC), 1),
        (datetime.max.replace(tzinfo=UTC), LARGEST),
        (datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), 301),
    ],
)
def test_a_row_at_the_edge_comes_back(moment: datetime, kinopoisk_id: int) -> None:
    assert from_cursor(to_cursor(moment, kinopoisk_id)) == (moment, kinopoisk_id)


def test_a_cursor_needs_no_escaping_in_an_address() -> None:
    chance = random.Random(43)
    for _ in range(500):
        cursor = to_cursor(MOMENT + timedelta(microseconds=chance.getrandbits(50)), chance.randint(1, LARGEST))
        assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)


@pytest.mark.parametrize("cursor", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        from_cursor(cursor)


def test_no_text_at_all_raises_anything_but_bad_cursor() -> None:
    chance = random.Random(44)
    alphabet = string.printable + "№٣\x00\ud800🎬" + string.ascii_letters * 3
    for _ in range(5_000):
        text = "".join(chance.choices(alphabet, k=chance.choice([0, 1, 8, 15, 16, 16, 16, 17, 24, 64])))
        try:
            moment, kinopoisk_id = from_cursor(text)
        except BadCursor:
            continue
        assert to_cursor(moment, kinopoisk_id) == text
