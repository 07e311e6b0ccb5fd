"""What a process tells of itself."""

import asyncio
import errno
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import psutil
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import resources, wiring
from shared.resources import watched
from shared.settings import Settings
from tests.client import eventually
from tests.infra.conftest import Patient
from tests.recorded import Recorded

Watching = AbstractAsyncContextManager[None]

FIGURES = {f"resources.api.{name}" for name in ("cpu", "memory", "open_files", "loop_lag", "postgres", "redis")}
POOLS = {f"resources.api.pool.{pool}.{figure}" for pool in ("read", "write") for figure in ("in_use", "waiting")}


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "LAG_SECONDS", 0.02)
    monkeypatch.setattr(resources, "SAMPLE_SECONDS", 0.02)


@pytest.fixture
async def read_engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """A pool of one connection."""
    settings = settings.model_copy(update={"postgres": settings.postgres.model_copy(update={"pool_size": 1})})
    engine = wiring.read_engine(settings, "kinoshelf-test")
    yield engine
    await engine.dispose()


@pytest.fixture
async def write_engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = wiring.write_engine(settings, "kinoshelf-test")
    yield engine
    await engine.dispose()


@pytest.fixture
def watching(read_engine: AsyncEngine, write_engine: AsyncEngine, patient: Patient) -> Watching:
    return watched("api", {"write": write_engine, "read": read_engine}, patient())


async def test_all_of_it_is_told(watching: Watching, told: Recorded) -> None:
    async def everything() -> bool:
        return told.names >= FIGURES | POOLS

    async with watching:
        await eventually(everything)


async def test_the_figures_have_their_units(watching: Watching, told: Recorded) -> None:
    async with watching:
        await eventually(lambda: has(told, "resources.api.open_files"))
    [megabytes, *_], [files, *_] = told.timings["resources.api.memory"], told.timings["resources.api.open_files"]
    assert 20 < megabytes < 4000
    assert 5 < files < 5000


async def has(told: Recorded, name: str) -> bool:
    return bool(told.timings[name])


async def test_connections_in_use_and_tasks_that_wait_for_one(
    read_engine: AsyncEngine, watching: Watching, told: Recorded
) -> None:
    async def wait_for_one() -> None:
        async with read_engine.connect():
            pass

    async def seen() -> bool:
        in_use, waiting = (told.timings[f"resources.api.pool.read.{figure}"] for figure in ("in_use", "waiting"))
        return bool(in_use) and (in_use[-1], waiting[-1]) == (1, 2)

    async with watching:
        async with read_engine.connect():
            waiters = [asyncio.create_task(wait_for_one()) for _ in range(2)]
            await eventually(seen)
        await asyncio.gather(*waiters)


def hold_up() -> None:
    time.sleep(0.1)


async def test_a_loop_that_was_held_up_is_told(watching: Watching, told: Recorded) -> None:
    async def held_up() -> bool:
        return max(told.timings["resources.api.loop_lag"], default=0) > 50

    async with watching:
        await eventually(lambda: has(told, "resources.api.loop_lag"))
        hold_up()
        await eventually(held_up)


async def test_a_process_that_had_no_files_left_tells_again(
    watching: Watching, told: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[bool] = []

    def none_left(_: psutil.Process) -> int:
        failed.append(True)
        raise OSError(errno.EMFILE, "Too many open files")

    async def has_failed() -> bool:
        return bool(failed)

    async with watching:
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(psutil.Process, "num_fds", none_left)
            await eventually(has_failed)
        told.timings.clear()
        await eventually(lambda: has(told, "resources.api.open_files"))


async def test_without_redis_and_postgresql_the_rest_is_told(
    settings: Settings, patient: Patient, nowhere: str, told: Recorded
) -> None:
    away = settings.postgres.model_copy(
        update={"url": type(settings.postgres.url)("postgresql+asyncpg://nobody@127.0.0.1:9/none")}
    )
    engine = wiring.write_engine(settings.model_copy(update={"postgres": away}), "kinoshelf-test")

    async def told_often() -> bool:
        return len(told.timings["resources.api.cpu"]) > 5

    async with watched("api", {"write": engine}, patient(nowhere)):
        await eventually(told_often)
    assert not {"resources.api.redis", "resources.api.postgres"} & {name for name, told in told.timings.items() if told}
    await engine.dispose()
