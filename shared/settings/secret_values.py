"""Every secret of the settings, for whoever has to keep them out of a text."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr


def secret_values(settings: BaseModel) -> list[str]:
    """The secrets, however deep, and the parts of those that are addresses."""
    return sorted({part for secret in _secrets(settings) for part in (secret, *_inside(secret))})


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for _, part in value:
            yield from _secrets(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from _secrets(part)


def _inside(address: str) -> Iterator[str]:
    """Passwords; in a DSN the key stands where a user would."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    yield from filter(None, (parts.password, parts.username if parts.scheme.startswith("http") else None))
