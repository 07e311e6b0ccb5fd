"""A refresh that knows less than the answer before it: null never overwrites a known value."""

from typing import Any

import orjson

# What upstream sends for "not known"; a count of 0 or a false is a value.
UNKNOWN: tuple[Any, ...] = (None, "", "null", [])


def filled(body: str, earlier: str | None) -> str:
    """The body as received, with what it leaves open filled from the earlier one."""
    if earlier is None:
        return body
    new, old = orjson.loads(body), orjson.loads(earlier)
    gaps = {key: value for key, value in old.items() if value not in UNKNOWN and new.get(key) in UNKNOWN}
    return orjson.dumps({**new, **gaps}).decode() if gaps else body
