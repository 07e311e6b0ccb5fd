"""Both processes, started with something wrong: one sentence without a secret, and exit code 1."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from dev.testing import Servers
from tests.infra.conftest import bare_environment, taken_port
from tests.infra.files import CANARY, GOOD_ENVIRONMENT
from tests.leaks import look

ROOT = Path(__file__).parents[2]
MODULES = ("api", "worker")


class Ending(NamedTuple):
    """How a process ended: its code, what it told the operator and what it logged."""

    code: int | None
    told: str
    logged: str


# What is wrong → the variable that makes it so; {…} is filled in from `places`.
UNMIGRATED = "an unmigrated database"
AS_PROCESSES = {
    UNMIGRATED: ("POSTGRES__URL", "{empty}"),
    "a database that refuses connections": ("POSTGRES__URL", "postgresql://u:{canary}@127.0.0.1:{closed}/d"),
    "a port that is none": ("API__PORT", "{canary}"),
}
WRONG = {
    "a database that says nothing": ("POSTGRES__URL", "postgresql://u:{canary}@127.0.0.1:{silent}/d"),
    "a database that is nowhere": ("POSTGRES__URL", "postgresql://u:{canary}@no-such-host.invalid/d"),
    "a wrong database password": ("POSTGRES__URL", "{wrong_password}"),
    "an unknown database": ("POSTGRES__URL", "{unknown_database}"),
    "a database address that is none": ("POSTGRES__URL", "postgresql://u:{canary}@h:port/d"),
    "an option that the driver does not know": ("POSTGRES__URL", "{migrated}?connect_timeout=5"),
    "a redis address that is none": ("REDIS__URL", "{canary}"),
    "a redis port that is none": ("REDIS__URL", "redis://:{canary}@h:port/0"),
    "a short secret": ("AUTH__JWT_KEYS", '[{{"id": "a", "secret": "{canary}"}}]'),
    "an unknown section": ("APIS__PORT", "1"),
    "an API key that cannot be sent": ("KINOPOISK__API_KEY", "key\n{canary}"),
    "an upstream whose port is none": ("KINOPOISK__BASE_URL", "http://h:99999"),
    "a lease shorter than a call": ("ENRICHMENT__LEASE_SECONDS", "1"),
}
EVERYTHING = [*AS_PROCESSES, *WRONG]


@pytest.fixture(scope="module")
def places(migrated: Servers, empty_database: str) -> Iterator[dict[str, str]]:
    """Addresses that are wrong, each in its own way."""
    good = migrated.postgres.url
    head, _, tail = good.rpartition("@")
    with ExitStack() as stack:
        yield {
            "canary": CANARY,
            "migrated": good,
            "empty": empty_database,
            "wrong_password": f"{head.rpartition(':')[0]}:{CANARY}@{tail}",
            "unknown_database": f"{good.rpartition('/')[0]}/no_such_database",
            "closed": str(stack.enter_context(taken_port(listening=False))),
            "silent": str(stack.enter_context(taken_port(listening=True))),
        }


@pytest.fixture(scope="module")
async def endings(
    places: dict[str, str], migrated: Servers, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Ending]:
    """Side by side; only the first three as processes of their own, because imports take most of a start."""
    good = GOOD_ENVIRONMENT | {
        "KINOSHELF__POSTGRES__URL": migrated.postgres.url,
        "KINOSHELF__REDIS__URL": migrated.redis.url,
        "KINOSHELF__API__PORT": "0",
        "KINOSHELF__POSTGRES__POOL_TIMEOUT_SECONDS": "0.5",
        "KINOSHELF__LOGS__FORMAT": "json",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }
    environment, folder = bare_environment() | good, tmp_path_factory.mktemp("nothing")
    few = asyncio.Semaphore(2)

    def variables(wrong: str) -> dict[str, str]:
        name, value = (AS_PROCESSES | WRONG)[wrong]
        return {f"KINOSHELF__{name}": value.format(**places)}

    async def run(*arguments: str, told: bytes = b"", changes: dict[str, str] | None = None) -> Ending:
        async with few:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *arguments),
                cwd=folder,
                env=environment | (changes or {}),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                async with asyncio.timeout(30):
                    out, error = await process.communicate(told)
            except TimeoutError:
                process.kill()
                await process.communicate()
                return Ending(None, "it started", "")
            look(f"what {arguments} said", f"{error.decode()} {out.decode()}")
            return Ending(process.returncode, error.decode(), out.decode())

    async def process(module: str, wrong: str) -> dict[tuple[str, str], Ending]:
        return {(module, wrong): await run(module, changes=variables(wrong))}

    async def others(module: str) -> dict[tuple[str, str], Ending]:
        ran = await run("tests.infra.starter", module, told=json.dumps([variables(wrong) for wrong in WRONG]).encode())
        if ran.code != 0:
            return {(module, wrong): ran for wrong in WRONG}
        return {(module, wrong): Ending(*end) for wrong, end in zip(WRONG, json.loads(ran.logged), strict=True)}

    processes = [process(module, wrong) for wrong in AS_PROCESSES for module in MODULES]
    found = await asyncio.gather(*map(others, MODULES), *processes)
    return {key: ending for part in found for key, ending in part.items()}


@pytest.mark.parametrize("wrong", EVERYTHING)
@pytest.mark.parametrize("module", MODULES)
async def test_it_ends_with_one_sentence_and_code_1(
    endings: dict[tuple[str, str], Ending], module: str, wrong: str
) -> None:
    ending = endings[module, wrong]
    lines = ending.told.splitlines()
    assert (ending.code, len(lines)) == (1, 1), ending.told[-600:] + ending.logged[-600:]
    assert lines[0].startswith(f"{module}: ")
    assert len(lines[0]) > len(f"{module}: ") + 10, "it must say what is wrong"


@pytest.mark.parametrize("wrong", EVERYTHING)
@pytest.mark.parametrize("module", MODULES)
async def test_it_tells_no_secret(endings: dict[tuple[str, str], Ending], module: str, wrong: str) -> None:
    ending = endings[module, wrong]
    assert CANARY not in ending.told + ending.logged


@pytest.mark.parametrize("module", MODULES)
async def test_an_unmigrated_database_is_answered_with_what_to_run(
    endings: dict[tuple[str, str], Ending], module: str
) -> None:
    assert "python -m alembic upgrade head" in endings[module, UNMIGRATED].told
