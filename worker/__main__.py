"""`python -m worker`: one worker process."""

import asyncio
import sys

from shared import logs
from shared.schema import DatabaseAway, SchemaBehind
from shared.settings import InvalidSettings, load_settings
from worker.main import run


def main() -> int:
    """Exit code 0 after a clean stop, 1 with one sentence where it cannot start."""
    try:
        settings = load_settings()
        logs.configure("worker", settings.logs.format, settings.logs.level)
        asyncio.run(run(settings))
    except (InvalidSettings, SchemaBehind, DatabaseAway) as error:
        sys.stderr.write(f"worker: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
