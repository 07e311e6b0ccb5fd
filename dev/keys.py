"""Generated secrets, kept in the data folder for our eyes only."""

import os
import secrets
from pathlib import Path

LENGTH_BYTES = 48
SHORTEST = 32


def keep_secret(path: Path) -> str:
    """The secret of this file, made at the first call."""
    if path.exists():
        path.chmod(0o600)
        kept = path.read_text(encoding="ascii", errors="replace").strip()
        if len(kept) >= SHORTEST:
            return kept
    return _write(path, secrets.token_urlsafe(LENGTH_BYTES))


def _write(path: Path, secret: str) -> str:
    """Complete or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secret + "\n")
    unfinished.replace(path)
    return secret
