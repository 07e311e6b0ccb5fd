"""The bad network itself: it does what it says, and nothing when the weather is fine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dev.ports import LOOPBACK
from tests.faults.wire import FINE, Weather, Wire

WORDS = b"all that I said"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(100):
        writer.write(chunk)
    writer.close()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """It leads to somebody who says everything again."""
    server = await asyncio.start_server(echo, LOOPBACK, 0)
    opened = await Wire(LOOPBACK, server.sockets[0].getsockname()[1]).open()
    yield opened
    await opened.close()
    server.close()


@asynccontextmanager
async def connected(wire: Wire) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(LOOPBACK, wire.port)
    yield reader, writer
    writer.close()


@pytest.mark.parametrize("weather", [FINE, Weather("delay", seconds=0.01), Weather("drip", seconds=0.001)])
async def test_everything_arrives_sooner_or_later(wire: Wire, weather: Weather) -> None:
    await wire.become(weather)
    async with connected(wire) as (reader, writer):
        writer.write(WORDS)
        assert await reader.readexactly(len(WORDS)) == WORDS


async def test_what_falls_into_a_black_hole_is_gone_and_the_connection_stays(wire: Wire) -> None:
    async with connected(wire) as (reader, writer):
        writer.write(b"before ")
        assert await reader.readexactly(7) == b"before "
        await wire.become(Weather("blackhole"))
        writer.write(b"meanwhile ")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        await wire.become(FINE)
        writer.write(b"after")
        assert await reader.readexactly(5) == b"after"


async def test_a_reset_ends_open_connections_and_new_ones(wire: Wire) -> None:
    async with connected(wire) as (reader, writer):
        writer.write(WORDS)
        await reader.readexactly(len(WORDS))
        await wire.become(Weather("reset"))
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
    async with connected(wire) as (reader, _):
        with pytest.raises(ConnectionResetError):
            await reader.read(1)


async def test_a_connection_is_cut_in_the_middle_of_an_answer(wire: Wire) -> None:
    await wire.become(Weather("cut", after_bytes=len(WORDS)))
    async with connected(wire) as (reader, writer):
        writer.write(WORDS)
        assert await reader.readexactly(len(WORDS)) == WORDS
        writer.write(WORDS)
        assert await reader.read() == b""
