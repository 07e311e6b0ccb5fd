"""`python -m worker`: one worker process."""

import asyncio
import sys

from shared import logs, metrics, sentry
from shared.schema import DatabaseAway, SchemaBehind
from shared.settings import InvalidSettings, load_settings
from shared.wiring import start_metrics, start_sentry
from worker.main import run


def main() -> int:
    """Exit code 0 after a clean stop, 1 with one sentence where it cannot start."""
    try:
        settings = load_settings()
        logs.configure("worker", settings.logs.format, settings.logs.level)
        start_sentry(settings, "worker")
        start_metrics(settings)
        asyncio.run(run(settings))
    except (InvalidSettings, SchemaBehind, DatabaseAway) as error:
        sys.stderr.write(f"worker: {error}\n")
        return 1
    except Exception as error:
        sentry.report(error)
        raise
    finally:
        metrics.close()
        sentry.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
