"""Faults of time and connection: late, broken off, dripping, too large."""

import json
import time
import zlib

import httpx
import pytest

from dev.sandbox.fault_answers import BOMB_BYTES
from dev.sandbox.server import RunningSandbox
from tests.sandbox.helpers import FILM, order, until


async def test_latency_delays_a_right_answer(client: httpx.AsyncClient) -> None:
    await order(client, "latency", seconds=0.03)
    await order(client, "latency", seconds=0.02)
    began_at = time.monotonic()
    response = await client.get(FILM)
    assert response.json()["kinopoiskId"] == 301
    assert time.monotonic() - began_at >= 0.045


async def test_latency_without_seconds_is_long_and_a_client_may_leave_meanwhile(
    client: httpx.AsyncClient, sandbox: RunningSandbox
) -> None:
    await order(client, "latency")
    with pytest.raises(httpx.ReadTimeout):
        await client.get(FILM, timeout=0.05)
    await until(lambda: sandbox.sandbox.calls.in_flight == 0)
    assert (await sandbox.calls())["by_status"] == {"0": 1}


async def test_the_latency_setting_delays_every_call(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    sandbox.options.latency_ms = 30
    began_at = time.monotonic()
    await client.get(FILM)
    assert time.monotonic() - began_at >= 0.025


async def test_a_hanging_call_is_never_answered(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await order(client, "hang")
    with pytest.raises(httpx.ReadTimeout):
        await client.get(FILM, timeout=0.05)
    await until(lambda: sandbox.sandbox.calls.in_flight == 0)
    assert (await sandbox.calls())["by_status"] == {"0": 1}


async def test_a_dropped_call_ends_without_a_byte(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await order(client, "drop", times=1)
    with pytest.raises(httpx.TransportError):
        await client.get(FILM)
    assert (await client.get(FILM)).status_code == 200
    assert (await sandbox.calls())["by_status"] == {"0": 1, "200": 1}


async def test_a_body_may_break_off_in_the_middle(client: httpx.AsyncClient) -> None:
    await order(client, "reset_mid_body", times=1)
    async with client.stream("GET", FILM) as response:
        with pytest.raises(httpx.RemoteProtocolError):
            await response.aread()
    assert response.num_bytes_downloaded == int(response.headers["content-length"]) // 2
    assert (await client.get(FILM)).status_code == 200


async def test_a_drip_is_a_right_answer_in_many_pieces(client: httpx.AsyncClient) -> None:
    await order(client, "drip", seconds=0)
    async with client.stream("GET", "/api/v2.2/films/4446084/similars") as response:
        parts = [part async for part in response.aiter_raw()]
    assert len(parts) > 1
    assert json.loads(b"".join(parts)) == {"total": 0, "items": []}


async def test_a_client_may_leave_a_drip(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await order(client, "drip")
    async with client.stream("GET", FILM) as response:
        async for part in response.aiter_raw():
            assert part == b"{"
            break
    await until(lambda: sandbox.sandbox.calls.in_flight == 0)


async def test_a_gzip_bomb_is_small_until_it_is_opened(client: httpx.AsyncClient) -> None:
    await order(client, "gzip_bomb")
    async with client.stream("GET", FILM) as response:
        raw = b"".join([part async for part in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    assert len(raw) < BOMB_BYTES // 200
    gzip, size, rest = zlib.decompressobj(16 + zlib.MAX_WBITS), 0, raw
    while rest:
        size += len(gzip.decompress(rest, 1 << 20))
        rest = gzip.unconsumed_tail
    assert (size, gzip.eof) == (BOMB_BYTES, True)
