"""A sandbox of its own for each test, without limits, and a client with the right key."""

from collections.abc import AsyncIterator

import httpx
import pytest

from dev.sandbox.options import Options
from dev.sandbox.server import RunningSandbox, running_sandbox


class Clock:
    """Stands in for the clock of quota and rates."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dev.sandbox.quota.monotonic", clock)
    return clock


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(Options(quota=-1, rate=0, search_rate=0)) as sandbox:
        yield sandbox


@pytest.fixture
async def client(sandbox: RunningSandbox) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"X-API-KEY": "sandbox-key"}
    async with httpx.AsyncClient(base_url=sandbox.url, headers=headers, verify=False, trust_env=False) as client:
        yield client
