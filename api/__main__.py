"""`python -m api`: one API process."""

import asyncio
import gc
import signal
import sys

if __name__ == "__main__":  # structlog and httpx load rich wherever it is installed: 4 MB that no API needs
    sys.modules["rich"] = None  # type: ignore[assignment]

import structlog
import uvicorn

from api.hosts import check_names
from api.main import create_app
from api.memory import give_back_large_blocks
from api.protocol import Bounds, bounded
from shared import logs, metrics, sentry
from shared.schema import DatabaseAway, SchemaBehind, check_database
from shared.settings import InvalidSettings, Settings, load_settings, secret_values
from shared.wiring import read_engine, start_metrics, start_sentry

log = structlog.get_logger()


async def check_first(settings: Settings) -> None:
    """Before the server starts: uvicorn would print a traceback where one sentence does."""
    engine = read_engine(settings, "kinoshelf-api-start")
    try:
        await check_database(engine)
    finally:
        await engine.dispose()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first."""
    app, limits = create_app(settings), settings.limits
    check_names(settings.api.allowed_hosts, settings.api.host)
    spare_the_collector()
    uvicorn.run(
        app,
        host=settings.api.host,
        port=settings.api.port,
        log_config=None,
        access_log=False,
        http=bounded(Bounds(limits.head_seconds, limits.body_seconds, limits.answer_seconds, limits.connections)),
        server_header=False,
        timeout_graceful_shutdown=settings.api.drain_seconds,
    )


def spare_the_collector() -> None:
    """What is loaded by now stays: a full collection would walk all of it and stop every request for 0.1 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def stay(*_: object) -> None:
    """uvicorn drains on a signal and then raises it again, which would end us with that signal instead of 0."""


def main() -> int:
    """Exit code 0 after a clean stop, 1 where it cannot start (with one sentence) or crashed (with a log line)."""
    try:
        give_back_large_blocks()
        settings = load_settings()
        logs.configure("api", settings.logs.format, settings.logs.level, secret_values(settings), lasting=True)
        start_sentry(settings, "api")
        start_metrics(settings)
        asyncio.run(check_first(settings))
        signal.signal(signal.SIGTERM, stay)
        signal.signal(signal.SIGINT, stay)
        serve(settings)
    except (InvalidSettings, SchemaBehind, DatabaseAway) as error:
        sys.stderr.write(f"api: {error}\n")
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
