"""Secrets among the files that git tracks, as far as detect-secrets can tell. Nothing is sent anywhere."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from dev.audit.accepted import Accepted
from dev.audit.tools import run

# The hashes of the locks, of Python's and of npm's.
HASHES = r"--hash=sha256:[0-9a-f]{64}|\"integrity\": \"sha512-"


class Suspect(NamedTuple):
    """What looks like a secret; of its text only the SHA-1 is known."""

    file: str
    line: int
    kind: str
    sha1: str


def scan() -> list[Suspect]:
    # Without --no-verify it would try what it finds where it belongs.
    told = run("detect_secrets", "scan", "--no-verify", "--exclude-lines", HASHES)
    return list(suspects(told))


def suspects(told: str) -> Iterator[Suspect]:
    for file, found in json.loads(told)["results"].items():
        for each in found:
            yield Suspect(file, each["line_number"], each["type"], each["hashed_secret"])


def report(found: list[Suspect], accepted: Accepted) -> int:
    """Print where something looks like a secret; how much of it is not accepted."""
    new = [each for each in found if each.sha1 not in accepted.texts]
    print(f"Secrets: {len(found)} suspects, {len(found) - len(new)} of them accepted.")
    for each in new:
        print(f"  {each.file}:{each.line}: {each.kind}")
    for text in sorted(text for sha1, text in accepted.texts.items() if sha1 not in {each.sha1 for each in found}):
        print(f"  no longer there, strike it out: {text}")
    return len(new)
