"""`python -m worker`: one worker process."""

import asyncio
import sys

import structlog

from shared import logs, metrics, sentry
from shared.schema import DatabaseAway, SchemaBehind
from shared.settings import InvalidSettings, load_settings, secret_values
from shared.wiring import start_metrics, start_sentry
from worker.main import run

log = structlog.get_logger()


def main() -> int:
    """Exit code 0 after a clean stop, 1 where it cannot start (with one sentence) or crashed (with a log line)."""
    try:
        settings = load_settings()
        logs.configure("worker", settings.logs.format, settings.logs.level, secret_values(settings), lasting=True)
        start_sentry(settings, "worker")
        start_metrics(settings)
        asyncio.run(run(settings))
    except (InvalidSettings, SchemaBehind, DatabaseAway) as error:
        sys.stderr.write(f"worker: {error}\n")
        return 1
    except Exception as error:  # Python itself would print its text, which may hold a secret
        log.exception("process_crashed")
        sentry.report(error)
        return 1
    finally:
        metrics.close()
        sentry.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
