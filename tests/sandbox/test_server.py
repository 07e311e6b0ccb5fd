"""The server for tests, and the command."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from dev.sandbox.options import Options
from dev.sandbox.server import RunningSandbox, running_sandbox
from tests.sandbox.helpers import FILM, until

ROOT = Path(__file__).parents[2]


async def command(*arguments: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dev.sandbox", *arguments), stdout=pipe, stderr=pipe, cwd=ROOT
    )


async def until_in_flight(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(10):
        while True:
            if (await client.get("/sandbox/calls")).json()["in_flight"]:
                return


async def test_two_sandboxes_run_side_by_side_and_share_nothing(sandbox: RunningSandbox) -> None:
    async with running_sandbox(Options(keys=("other",))) as other:
        assert other.url != sandbox.url
        await other.remove_film(301)
        async with httpx.AsyncClient(verify=False, trust_env=False) as client:
            statuses = [
                (await client.get(running.url + FILM, headers={"X-API-KEY": running.options.keys[0]})).status_code
                for running in (sandbox, other)
            ]
    assert statuses == [200, 404]
    assert [(await running.calls())["total"] for running in (sandbox, other)] == [1, 1]


async def test_the_control_is_at_hand_without_http(client: httpx.AsyncClient, sandbox: RunningSandbox) -> None:
    await sandbox.fault("status", status=503)
    assert (await client.get(FILM)).status_code == 503
    await sandbox.clear()
    await sandbox.put_film(301, nameRu="Другая")
    assert (await client.get(FILM)).json()["nameRu"] == "Другая"
    await sandbox.reset()
    assert (await client.get(FILM)).json()["nameRu"] == "Матрица"
    assert (await sandbox.calls())["total"] == 1
    with pytest.raises(ValueError, match="kind must be one of"):
        await sandbox.fault("fire")


async def test_an_end_breaks_what_is_open() -> None:
    async with httpx.AsyncClient(headers={"X-API-KEY": "sandbox-key"}, verify=False, trust_env=False) as client:
        async with running_sandbox() as sandbox:
            await client.get(sandbox.url + FILM)
            await sandbox.fault("hang")
            waiting = asyncio.create_task(client.get(sandbox.url + FILM))
            await until(lambda: sandbox.sandbox.calls.in_flight == 1)
        with pytest.raises(httpx.TransportError):
            await waiting
        with pytest.raises(httpx.ConnectError):
            await client.get(sandbox.url + FILM)


@pytest.mark.skipif(not socket.has_ipv6, reason="This machine has no IPv6")
async def test_an_ipv6_address_is_written_as_a_url_wants_it() -> None:
    try:
        async with running_sandbox(host="::1") as sandbox:
            assert sandbox.url.startswith("http://[::1]:")
    except OSError as error:
        pytest.skip(f"No IPv6 loopback: {error}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_says_where_it_listens_and_stops_silently(number: signal.Signals) -> None:
    process = await command("--key", "mine", "--quota", "1")
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    assert line.startswith("Sandbox: http://127.0.0.1:")
    url = line.removeprefix("Sandbox: ").strip()
    async with httpx.AsyncClient(base_url=url, headers={"X-API-KEY": "mine"}, verify=False, trust_env=False) as client:
        assert [(await client.get(FILM)).status_code for _ in range(2)] == [200, 402]
        await client.post("/sandbox/faults", json={"kind": "hang"})
        hanging = asyncio.create_task(client.get(FILM, timeout=30))
        await until_in_flight(client)
        process.send_signal(number)
        with pytest.raises(httpx.TransportError):
            await hanging
    output, errors = await process.communicate()
    assert (process.returncode, output, errors) == (0, b"", b"")


async def test_the_command_says_why_it_cannot_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = await command("--port", str(taken.getsockname()[1]))
        _, errors = await busy.communicate()
    assert busy.returncode == 1
    assert b"address already in use" in errors
    assert b"Traceback" not in errors
    wrong = await command("--quota", "-5")
    _, errors = await wrong.communicate()
    assert (wrong.returncode, errors) == (1, b"Sandbox: quota must be -1 or more\n")
