"""Moments as clients read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.moments import json_moment

MOSCOW = timezone(timedelta(hours=3))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 22, 16, 5, 9, 123456, UTC), "2026-11-22T16:05:09.123456Z"),
        (datetime(2026, 11, 22, 16, 5, 9, tzinfo=UTC), "2026-11-22T16:05:09.000000Z"),
        (datetime(2026, 11, 22, 16, 5, 9, 1, UTC), "2026-11-22T16:05:09.000001Z"),
        (datetime(2026, 11, 23, 2, 0, tzinfo=MOSCOW), "2026-11-22T23:00:00.000000Z"),
    ],
)
def test_a_moment_is_utc_with_six_digits_and_z(moment: datetime, text: str) -> None:
    assert json_moment(moment) == text


def test_no_moment_is_null() -> None:
    assert json_moment(None) is None
