"""The sandbox on a TCP port, served by uvicorn's HTTP protocol inside the running event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from dev.sandbox.app import create_sandbox
from dev.sandbox.faults import parse_fault
from dev.sandbox.films import Film
from dev.sandbox.options import Options
from dev.sandbox.render import film_from
from dev.sandbox.state import Sandbox
from dev.sandbox.wire import TRANSPORT

_HEADERS = [
    ("server", "nginx/1.24.0"),
    ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
]


class RunningSandbox:
    """A sandbox that listens, with its control at hand."""

    def __init__(self, url: str, sandbox: Sandbox) -> None:
        self.url = url
        self.sandbox = sandbox

    @property
    def options(self) -> Options:
        return self.sandbox.options

    async def fault(self, kind: str, **fields: Any) -> None:
        self.sandbox.faults.add(parse_fault({"kind": kind, **fields}))

    async def clear(self) -> None:
        """No faults any more."""
        self.sandbox.faults.clear()

    async def calls(self, *, log: bool = True) -> dict[str, Any]:
        return self.sandbox.calls.document(log=log)

    async def forget_calls(self) -> None:
        self.sandbox.forget_calls()

    async def put_film(self, film_id: int, **keys: Any) -> None:
        film = self.sandbox.films.get(film_id) or Film(film_id)
        self.sandbox.films.put(film_from(film, keys))

    async def remove_film(self, film_id: int) -> None:
        self.sandbox.films.remove(film_id)

    async def reset(self) -> None:
        """Back to how it was started: calls, quota, faults, films and settings."""
        self.sandbox.reset()


class _Protocol(HttpToolsProtocol):
    """Hands the connection to the application, so that a fault can break it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


@asynccontextmanager
async def running_sandbox(
    options: Options | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RunningSandbox]:
    """Serve a sandbox until the block ends. Port 0 takes a free one."""
    app = create_sandbox(options)
    config = Config(app, http=_Protocol, ws="none", lifespan="off", log_config=None, timeout_keep_alive=75)
    config.load()
    state = ServerState()
    state.default_headers = [(name.encode(), value.encode()) for name, value in _HEADERS]
    protocol = partial(_Protocol, config, state, {})
    server = await asyncio.get_running_loop().create_server(protocol, host, port)
    try:
        yield RunningSandbox(_url(server), app.state.sandbox)
    finally:
        await _stop(server, state)


async def _stop(server: asyncio.Server, state: ServerState) -> None:
    """Break what is open: nobody waits for the answers of a sandbox that ends."""
    server.close()
    for connection in list(state.connections):
        connection.transport.abort()
    await asyncio.gather(*state.tasks)
    await server.wait_closed()


def _url(server: asyncio.Server) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
