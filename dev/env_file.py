"""`make env`: writes .env with new secrets for all that docker-compose.yml asks for. Stands alone on any Python 3."""

import json
import os
import secrets
import sys
import time
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / ".env"
NAMES = (
    "POSTGRES_PASSWORD",
    "POSTGRES_OWNER_PASSWORD",
    "POSTGRES_SERVICE_PASSWORD",
    "REDIS_PASSWORD",
    "GRAPHITE_SECRET_KEY",
    "GRAFANA_PASSWORD",
    "PGADMIN_PASSWORD",
    "BUGSINK_PASSWORD",
    "BUGSINK_SECRET_KEY",
)


def text(*, demo: bool) -> str:
    """All of the file; with `demo` for the sandbox of Kinopoisk, else with a gap for the key."""
    key = [{"id": time.strftime("%Y-%m", time.gmtime()), "secret": secrets.token_urlsafe(48)}]
    lines = ["# Secrets of this installation: keep them to yourself, and keep a copy with your backups."]
    if demo:
        lines += ["COMPOSE_PROFILES=demo", "KINOPOISK_BASE_URL=http://sandbox:8000", "KINOPOISK_API_KEY=sandbox-key"]
    else:
        lines += ["# The one thing to fill in, from https://kinopoiskapiunofficial.tech", "KINOPOISK_API_KEY="]
    lines += ["# The first key signs tokens, all of them verify.", f"JWT_KEYS='{json.dumps(key)}'"]
    lines += [f"{name}={secrets.token_urlsafe(48)}" for name in NAMES]  # Bugsink refuses fewer than 50 characters
    return "\n".join(lines) + "\n"


def main() -> int:
    """Exit code 1 where there is a file already."""
    try:
        descriptor = os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.stderr.write(f"{FILE} is there already: its secrets are in use, so it stays as it is.\n")
        return 1
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text(demo="--demo" in sys.argv[1:]))
    print(f"{FILE} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
