"""`python -m api`: one API process."""

import asyncio
import sys

import uvicorn

from api.main import create_app
from shared import logs
from shared.schema import SchemaBehind, check_schema
from shared.settings import InvalidSettings, Settings, load_settings
from shared.wiring import read_engine


async def check_database(settings: Settings) -> None:
    """Before the server starts: uvicorn would print a traceback where one sentence does."""
    engine = read_engine(settings, "kinoshelf-api-start")
    try:
        await check_schema(engine)
    finally:
        await engine.dispose()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first."""
    uvicorn.run(
        create_app(settings),
        host=settings.api.host,
        port=settings.api.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.api.drain_seconds,
    )


def main() -> int:
    """Exit code 0 after a clean stop, 1 with one sentence where it cannot start."""
    try:
        settings = load_settings()
        logs.configure("api", settings.logs.format, settings.logs.level)
        asyncio.run(check_database(settings))
    except (InvalidSettings, SchemaBehind, OSError) as error:
        print(f"api: {error}", file=sys.stderr)  # noqa: T201 - the operator reads it
        return 1
    serve(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
