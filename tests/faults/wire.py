"""A TCP proxy that can be a bad network: it passes, delays, swallows, resets, drips, or cuts after so many bytes."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from dev.ports import LOOPBACK

Kind = Literal["pass", "delay", "blackhole", "reset", "drip", "cut"]
CHUNK_BYTES = 65_536
# With this a close sends RST instead of FIN.
LINGER_NOT = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Weather:
    """What happens to every chunk, in both directions, from now on, also on connections that are open.

    `delay` holds each for `seconds`; `drip` sends it byte by byte, `seconds` apart; `blackhole` keeps connections open
    and drops what comes; `reset` ends open and new ones with RST; `cut` ends one when `after_bytes` have come back.
    """

    kind: Kind = "pass"
    seconds: float = 0.0
    after_bytes: int = 0


FINE = Weather()
Watch = Callable[[bytes], None]


class Wire:
    """One listening port that leads to one address."""

    def __init__(self, host: str, port: int, watch: Watch | None = None) -> None:
        self._target = host, port
        self._watch = watch
        self._weather = FINE
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> "Wire":
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def close(self) -> None:
        if self._server:
            self._server.close()
        for writer in list(self._writers):
            _reset(writer)

    async def become(self, weather: Weather) -> None:
        """A change to `reset` strikes what is open at once."""
        self._weather = weather
        if weather.kind == "reset":
            for writer in list(self._writers):
                _reset(writer)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._weather.kind == "reset":
            _reset(writer)
            return
        try:
            there, onwards = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        self._writers |= {writer, onwards}
        try:
            await asyncio.gather(self._pump(reader, onwards, self._watch), self._pump(there, writer, None, back=True))
        finally:
            for each in (writer, onwards):
                self._writers.discard(each)
                each.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, watch: Watch | None, *, back: bool = False
    ) -> None:
        """Until either side ends; then the other one hears of it."""
        passed = 0
        with suppress(OSError):
            while chunk := await source.read(CHUNK_BYTES):
                if watch:
                    watch(chunk)
                passed += len(chunk) if back else 0
                weather = self._weather
                if weather.kind == "cut" and passed > weather.after_bytes:
                    break
                await _send(sink, chunk, weather)
        sink.close()


async def _send(sink: asyncio.StreamWriter, chunk: bytes, weather: Weather) -> None:
    if weather.kind == "blackhole":
        return
    if weather.kind == "drip":
        for byte in chunk:
            if sink.is_closing():
                return
            sink.write(bytes([byte]))
            await asyncio.sleep(weather.seconds)
        return
    if weather.kind == "delay":
        await asyncio.sleep(weather.seconds)
    sink.write(chunk)
    await sink.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    writer.transport.abort()
