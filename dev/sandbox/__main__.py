"""`python -m dev.sandbox`: serve the sandbox until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from dev.sandbox.options import Options
from dev.sandbox.server import running_sandbox


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    standard = Options()
    parser = argparse.ArgumentParser("python -m dev.sandbox", description="A local Kinopoisk API Unofficial.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one (default)")
    parser.add_argument("--key", default=standard.keys[0], help="the API key that is valid (default %(default)s)")
    parser.add_argument("--quota", type=int, default=standard.quota, help="calls in a window, -1: unlimited")
    parser.add_argument("--window-seconds", type=float, default=standard.window_seconds)
    parser.add_argument("--rate", type=int, default=standard.rate, help="calls in a second, 0: unlimited")
    parser.add_argument("--search-rate", type=int, default=standard.search_rate, help="the same for a search or list")
    parser.add_argument("--latency-ms", type=float, default=standard.latency_ms)
    return parser.parse_args(arguments)


async def serve(host: str, port: int, options: Options) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_sandbox(options, host=host, port=port) as sandbox:
        print(f"Sandbox: {sandbox.url}", flush=True)
        await stop.wait()


def main() -> None:
    given = vars(parse())
    host, port, key = given.pop("host"), given.pop("port"), given.pop("key")
    options = Options()
    try:
        options.update(given | {"keys": [key]})
        asyncio.run(serve(host, port, options))
    except (OSError, ValueError) as error:
        sys.exit(f"Sandbox: {error}")


if __name__ == "__main__":
    main()
