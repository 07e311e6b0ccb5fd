"""Moments as clients read them."""

from datetime import UTC, datetime


def json_moment(moment: datetime | None) -> str | None:
    """`2026-11-22T16:05:09.123456Z`: always UTC, always six digits."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
