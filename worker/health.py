"""`python -m worker.health`: whether the worker on this machine lives, by the age of the file it touches.

For the health check of its container, so it loads nothing beyond the standard library. Redis and PostgreSQL do not
matter to it: a worker waits for both and needs no restart.
"""

import os
import sys
import time
import tomllib
from pathlib import Path

# The worker touches its file every 5 seconds (worker.heartbeat); a loop that is only busy comes back sooner than this.
OLDEST_SECONDS = 30


def heartbeat_file() -> str | None:
    """Setting worker.heartbeat_file, from where shared.settings takes it."""
    if named := os.environ.get("KINOSHELF__WORKER__HEARTBEAT_FILE"):
        return named
    try:
        written = tomllib.loads(Path(os.environ.get("KINOSHELF_SETTINGS") or "settings.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return dict(written.get("worker", {})).get("heartbeat_file")


def complaint(file: str | None) -> str | None:
    """What is wrong, in one sentence; None for a worker that lives."""
    if not file:
        return "worker.heartbeat_file is not set, so nobody can tell."
    try:
        touched = Path(file).stat().st_mtime
    except OSError as error:
        return f"{file} cannot be read ({type(error).__name__}): no worker runs."
    age = abs(time.time() - touched)  # a clock may have been set back meanwhile
    if age > OLDEST_SECONDS:
        return f"{file} was touched {age:.0f} seconds ago: the worker hangs or is gone."
    return None


def main() -> int:
    """Exit code 0 if it lives, else 1."""
    wrong = complaint(heartbeat_file())
    if wrong:
        sys.stderr.write(f"worker: {wrong}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
