"""The worker's sign of life: in Redis for all, in a file for its own health check."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import wiring
from shared.live_workers import KEY, SILENCE_SECONDS, LiveWorkers
from shared.redis_client import PatientRedis, RedisAway
from shared.settings import Settings
from shared.silence import silence
from tests.client import eventually
from tests.conftest import changed
from tests.infra.conftest import bare_environment
from tests.worker_process import Worker
from worker import heartbeat
from worker.heartbeat import Heartbeat

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def redis(settings: Settings, database: AsyncEngine) -> AsyncIterator[PatientRedis]:
    client = wiring.patient_redis(settings)
    yield client
    await client.close()


@pytest.fixture
def live(redis: PatientRedis) -> LiveWorkers:
    return LiveWorkers(redis)


async def counted(live: LiveWorkers, workers: int) -> bool:
    return await live.count() == workers


async def test_each_worker_is_counted_and_leaves_when_it_stops(settings: Settings, live: LiveWorkers) -> None:
    async with Worker.running(settings):
        await eventually(lambda: counted(live, 1))
        async with Worker.running(settings):
            await eventually(lambda: counted(live, 2))
        assert await live.count() == 1
    assert await live.count() == 0


async def test_the_keys_of_two_alarm_clocks_on_one_host_differ(settings: Settings, redis: PatientRedis) -> None:
    async def reported(workers: set[str]) -> bool:
        keys = await redis.call(lambda client: client.keys("kinoshelf:worker:*"))
        return {key.decode().removeprefix("kinoshelf:worker:") for key in keys} == workers

    async with Worker.running(settings) as first, Worker.running(settings) as second:
        await eventually(lambda: reported({first.id, second.id}), 20)


async def test_who_was_silent_for_too_long_is_not_counted(live: LiveWorkers, redis: PatientRedis) -> None:
    await live.beat("a")
    await redis.call(lambda client: client.zincrby(KEY, -SILENCE_SECONDS, "a"))
    assert await live.count() == 0


async def test_the_next_beat_of_anybody_forgets_the_silent(live: LiveWorkers, redis: PatientRedis) -> None:
    await live.beat("a")
    await redis.call(lambda client: client.zincrby(KEY, -SILENCE_SECONDS, "a"))
    await live.beat("b")
    assert await redis.call(lambda client: client.zrange(KEY, 0, -1)) == [b"b"]


async def test_the_register_does_not_outlive_all_workers(live: LiveWorkers, redis: PatientRedis) -> None:
    await live.beat("a")
    assert 0 < await redis.call(lambda client: client.ttl(KEY)) <= SILENCE_SECONDS


async def test_a_file_is_touched_again_and_again_and_removed_at_the_end(
    live: LiveWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    file = tmp_path / "beat"
    beating = asyncio.create_task(Heartbeat(live, file).run())
    await eventually(touched_since(file, 0))
    os.utime(file, (1, 1))
    await eventually(touched_since(file, 2))
    await silence(beating)
    assert not file.exists()


def touched_since(file: Path, moment: float) -> Callable[[], Awaitable[bool]]:
    def touched() -> bool:
        return file.exists() and file.stat().st_mtime > moment

    return lambda: asyncio.to_thread(touched)


async def test_without_redis_the_file_is_touched(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "beat"
    away = wiring.patient_redis(changed(settings, redis={"url": SecretStr("redis://127.0.0.1:1")}))
    beating = asyncio.create_task(Heartbeat(LiveWorkers(away), file).run())
    await eventually(touched_since(file, 0))
    await silence(beating)
    with pytest.raises(RedisAway):
        await LiveWorkers(away).count()
    await away.close()


async def test_who_leaves_is_not_counted_but_touches_its_file(
    live: LiveWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    file = tmp_path / "beat"
    leaving = Heartbeat(live, file)
    beating = asyncio.create_task(leaving.run())
    await eventually(lambda: counted(live, 1))
    await leaving.leave()
    os.utime(file, (1, 1))
    await eventually(touched_since(file, 2))
    assert await live.count() == 0
    await silence(beating)


async def test_a_file_that_cannot_be_written_stops_no_worker(live: LiveWorkers, tmp_path: Path) -> None:
    beating = asyncio.create_task(Heartbeat(live, tmp_path / "no-folder" / "beat").run())
    await eventually(lambda: counted(live, 1))
    await silence(beating)


def health(environment: dict[str, str]) -> tuple[int, str]:
    """Exit code of `python -m worker.health`, and what it said."""
    command = [sys.executable, "-m", "worker.health"]
    environment = bare_environment() | environment
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def file_of_age(folder: Path, seconds: float) -> str:
    file = folder / "beat"
    file.touch()
    os.utime(file, (time.time() - seconds,) * 2)
    return str(file)


def test_a_worker_that_beats_is_healthy(tmp_path: Path) -> None:
    assert health({"KINOSHELF__WORKER__HEARTBEAT_FILE": file_of_age(tmp_path, 10)}) == (0, "")


@pytest.mark.parametrize("age", [60, -60], ids=["old", "of a clock that was set back"])
def test_a_worker_whose_file_is_old_is_not(tmp_path: Path, age: float) -> None:
    code, said = health({"KINOSHELF__WORKER__HEARTBEAT_FILE": file_of_age(tmp_path, age)})
    assert code == 1
    assert said.endswith(" seconds ago: the worker hangs or is gone.\n")


def test_without_a_file_no_worker_runs(tmp_path: Path) -> None:
    code, said = health({"KINOSHELF__WORKER__HEARTBEAT_FILE": str(tmp_path / "none")})
    assert (code, said) == (1, f"worker: {tmp_path}/none cannot be read (FileNotFoundError): no worker runs.\n")


def test_who_set_no_file_is_told(tmp_path: Path) -> None:
    code, said = health({"KINOSHELF_SETTINGS": str(tmp_path / "none.toml")})
    assert (code, said) == (1, "worker: worker.heartbeat_file is not set, so nobody can tell.\n")


def test_the_file_may_be_named_in_the_settings_file(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f"[worker]\nheartbeat_file = '{file_of_age(tmp_path, 0)}'\n")
    assert health({"KINOSHELF_SETTINGS": str(settings)}) == (0, "")


def test_the_check_loads_nothing_heavy() -> None:
    heavy = "{'asyncio', 'structlog', 'pydantic', 'redis', 'sqlalchemy'}"
    command = [sys.executable, "-c", f"import sys, worker.health; print(sorted({heavy} & sys.modules.keys()))"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"
