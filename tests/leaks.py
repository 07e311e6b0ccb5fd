"""What is secret in tests, and the notes of where it was seen."""

import re

from tests.client import PASSWORD
from tests.conftest import KEY, SECRET
from tests.infra.files import CANARY

SECRETS = {
    "a password": re.escape(PASSWORD),
    "the secret of tokens": re.escape(SECRET),
    "the API key": re.escape(KEY),
    "a token": r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.",
    "the hash of a password": r"\$argon2",
    "a canary": CANARY,
    "the password of a database": r"(?<=://)[^\s/:@]*:(?!password@)[^\s/@]+(?=@)",
}

found: list[str] = []


def look(where: str, text: str) -> None:
    """Note every secret in it; the test that is running fails at its end."""
    for what, pattern in SECRETS.items():
        places = [secret.start() for secret in re.finditer(pattern, text)]
        found.extend(f"{what} in {where}: …{text[max(0, place - 100) : place]}" for place in places)
