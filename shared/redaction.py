"""Erasing secrets from what leaves the process: values that are known, and texts that look like one."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

ERASED = "[secret]"
# Anything shorter stands in every other word.
SHORTEST = 4

# No pattern can begin inside its own match: the time stays linear, whatever the text.
SUSPICIOUS = (
    r"(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a token
    r"|\$argon2[^\s'\"]+"  # a password hash
    r"|(?<=://)[^/?#\s@]+(?=@)"  # who logs in, in an address
    r"|(?<=\?)[^\s'\"=?]+=[^\s'\"]*"  # what is asked, in an address
)
# Whatever holds what a request, a frame or a process held.
CARRIERS = {"body", "cookies", "data", "env", "environ", "extra", "headers", "query_string", "request", "user", "vars"}


class Redaction:
    """Knows the secrets of this process, in every spelling that a text may give them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spelt = {form for secret in secrets for form in _spellings(secret) if len(form) >= SHORTEST}
        known = [re.escape(form) for form in sorted(spelt, key=len, reverse=True)]
        self._secret = re.compile("|".join([*known, SUSPICIOUS]))

    def text(self, text: str) -> str:
        return self._secret.sub(ERASED, text)

    def of(self, value: Any) -> Any:
        """The same without secrets, and without anything that carries what was sent."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.of(key): self.of(part) for key, part in value.items() if key not in CARRIERS}
        if isinstance(value, list | tuple):
            return [self.of(part) for part in value]
        return value


def _spellings(secret: str) -> set[str]:
    """As it is, in an address, inside a representation, inside JSON."""
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        unquote(secret),
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
