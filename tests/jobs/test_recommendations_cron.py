"""Rebuilds of the recommendations: when they are due, and the life of the process that makes them."""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from shared.settings import Settings
from tests.client import eventually
from tests.recorded import Recorded
from worker import main, rebuilder
from worker.context import Context
from worker.jobs.recommendations import (
    FULL_DUE,
    LONELY,
    NEW_FAVOURITES,
    rebuild_all,
    rebuild_changed,
    rebuild_lonely,
)
from worker.main import opened
from worker.rebuilder import Rebuilder

Sql = Callable[..., Awaitable[Any]]

FILM = "INSERT INTO film (kinopoisk_id, document, genres, fetched_at)"
MODEL = "INSERT INTO recommender_model (version, built_at)"
BUILT = "INSERT INTO recommender_model (version, built_at, seconds)"
SIMILAR = "INSERT INTO film_relation (kinopoisk_id, relation, related, fetched_at) VALUES (1, 'similar',"
STEPS = {
    "film": f"{FILM} VALUES (1, '', '{{2}}', now() - interval '3 days')",
    "film for adults": f"{FILM} VALUES (2, '', '{{28}}', now() - interval '3 days')",
    "ten films": f"{FILM} SELECT n, '', '{{2}}', now() - interval '3 days' FROM generate_series(11, 20) AS n",
    "two new films": f"{FILM} SELECT n, '', '{{2}}', now() FROM generate_series(21, 22) AS n",
    "three new films": f"{FILM} SELECT n, '', '{{2}}', now() FROM generate_series(21, 23) AS n",
    "a trend": "INSERT INTO recommender_model (version, trend_at) VALUES (1, now())",
    "a model": f"{MODEL} VALUES (1, now() - interval '1 minute')",
    "yesterday's model": f"{MODEL} VALUES (1, now() - interval '1 day')",
    "a cheap model": f"{BUILT} VALUES (1, now() - interval '6 minutes', 9)",
    "a cheap model of just now": f"{BUILT} VALUES (1, now() - interval '4 minutes', 9)",
    "a costly model": f"{BUILT} VALUES (1, now() - interval '6 minutes', 11)",
    "similars": f"{SIMILAR} '{{2}}', now())",
    "no similars": f"{SIMILAR} '{{}}', now())",
    "similars for long": f"{SIMILAR} '{{2}}', now() - interval '7 minutes')",
    "person": "INSERT INTO user_account (id, username, username_folded, password_hash) "
    "VALUES ('00000000-0000-0000-0000-000000000001', 'a', 'a', '-')",
    "favourite": "WITH wanted AS (INSERT INTO film_sync (kinopoisk_id) VALUES (1)) INSERT INTO favourite "
    "SELECT id, 1, now() - interval '59 minutes' FROM user_account",
    "new favourite": "WITH wanted AS (INSERT INTO film_sync (kinopoisk_id) VALUES (1)) INSERT INTO favourite "
    "SELECT id, 1, now() FROM user_account",
    "favourite for long": "WITH wanted AS (INSERT INTO film_sync (kinopoisk_id) VALUES (1)) INSERT INTO favourite "
    "SELECT id, 1, now() - interval '61 minutes' FROM user_account",
    "their neighbours": "INSERT INTO film_neighbour (kinopoisk_id, neighbours, weights, kinds) "
    "SELECT kinopoisk_id, '{}', '{}', '{}' FROM film",
    "neighbours": "INSERT INTO film_neighbour (kinopoisk_id, neighbours, weights, kinds) VALUES (1, '{}', '{}', '{}')",
}


async def due(database: AsyncEngine, sql: Sql, rule: TextClause, steps: tuple[str, ...], **values: Any) -> bool:
    for step in steps:
        await sql(STEPS[step])
    async with database.connect() as connection:
        return bool(await connection.scalar(rule, values))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), False),
        (("film for adults",), False),
        (("film",), True),
        (("film", "a trend"), True),
        (("film", "a model"), True),
        (("film", "their neighbours", "a model"), False),
        (("film", "yesterday's model"), True),
        (("ten films", "their neighbours", "two new films", "a model"), False),
        (("ten films", "their neighbours", "three new films", "a model"), True),
        (("film", "their neighbours", "a cheap model"), False),
        (("film", "their neighbours", "a cheap model", "person", "new favourite"), True),
        (("film", "their neighbours", "a cheap model of just now", "person", "new favourite"), False),
        (("film", "their neighbours", "a costly model", "person", "new favourite"), False),
        (("film", "their neighbours", "a cheap model", "person", "favourite"), False),
        (("film", "their neighbours", "a cheap model", "similars"), True),
        (("film", "their neighbours", "a cheap model", "no similars"), False),
        (("film", "their neighbours", "a cheap model", "similars for long"), False),
        (("ten films", "three new films", "a model", "their neighbours"), False),
    ],
)
async def test_when_all_films_are_due(database: AsyncEngine, sql: Sql, steps: tuple[str, ...], expected: bool) -> None:
    assert await due(database, sql, FULL_DUE, steps, rebuild_hour=await hour_before(sql)) is expected


async def hour_before(sql: Sql) -> int:
    """It began between one and two hours ago."""
    return int(await sql("SELECT extract(hour FROM now() AT TIME ZONE 'UTC' - interval '1 hour')"))


@pytest.mark.parametrize(("ago", "expected"), [("30 minutes", False), ("150 minutes", True), ("2 days", True)])
async def test_every_night_the_quiet_hour_makes_all_films_due(
    database: AsyncEngine, sql: Sql, ago: str, expected: bool
) -> None:
    await sql(f"{MODEL} VALUES (1, now() - CAST(:ago AS text)::interval)", ago=ago)
    assert await due(database, sql, FULL_DUE, (), rebuild_hour=await hour_before(sql)) is expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("film", "person", "favourite"), False),
        (("a model", "film", "person"), False),
        (("a model", "film", "person", "favourite for long"), True),
        (("a model", "person", "favourite"), False),
        (("a model", "film", "person", "favourite", "neighbours"), False),
    ],
)
async def test_when_a_favourite_leads_nowhere(
    database: AsyncEngine, sql: Sql, steps: tuple[str, ...], expected: bool
) -> None:
    assert await due(database, sql, LONELY, steps) is expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (("film", "person", "favourite"), False),
        (("a model", "film", "person", "favourite"), True),
        (("a model", "film", "person", "favourite for long"), False),
    ],
)
async def test_when_there_are_new_favourites(
    database: AsyncEngine, sql: Sql, steps: tuple[str, ...], expected: bool
) -> None:
    assert await due(database, sql, NEW_FAVOURITES, steps) is expected


class StandIn:
    """Instead of a rebuild: notes its pid and arguments, then does what it is told to."""

    def __init__(self, notes: Path, then: str) -> None:
        self.notes = notes
        self.command = (sys.executable, "-c", f"{NOTE}\n{then}", str(notes))

    async def started(self) -> list[str]:
        """Its pid and arguments, once it runs."""

        async def noted() -> list[str]:
            noted = self.notes.read_text() if self.notes.exists() else ""
            return noted.splitlines()[-1].split() if noted.endswith("\n") else []

        return list(await eventually(noted, 60))


CRASH = "raise ValueError('kanarienvogel')"
NOTE = "import os, sys; open(sys.argv[1], 'a').write(' '.join([str(os.getpid()), *sys.argv[2:]]) + '\\n')"
FINISH, FAIL, HANG = "", "sys.exit('first\\nrebuild: no.')", "import time; time.sleep(600)"


@asynccontextmanager
async def rebuilding(database: AsyncEngine, stand_in: StandIn) -> AsyncIterator[Rebuilder]:
    running = Rebuilder(database, stand_in.command)
    try:
        yield running
    finally:
        await running.stop()


async def has_told(told: Recorded) -> bool:
    return bool(told.counts)


async def test_a_rebuild_gets_its_options_and_its_end_is_told(
    database: AsyncEngine, tmp_path: Path, told: Recorded
) -> None:
    stand_in = StandIn(tmp_path / "notes", FINISH)
    async with rebuilding(database, stand_in) as running:
        assert running.start("--changed")
        assert (await stand_in.started())[1:] == ["--changed"]
        await eventually(lambda: has_told(told), 60)
        assert (told.counts, running.is_free) == ({"recommender.rebuild.done": 1}, True)


async def test_while_one_runs_no_other_starts(database: AsyncEngine, tmp_path: Path, told: Recorded) -> None:
    stand_in = StandIn(tmp_path / "notes", HANG)
    async with rebuilding(database, stand_in) as running:
        running.start()
        await stand_in.started()
        assert (running.is_free, running.start()) == (False, False)


async def test_a_failure_is_reported_once_with_its_last_words(
    database: AsyncEngine, tmp_path: Path, told: Recorded, alarms: list[str]
) -> None:
    with capture_logs() as logged:
        async with rebuilding(database, StandIn(tmp_path / "notes", FAIL)) as running:
            running.start()
            await eventually(lambda: has_told(told), 60)
    [failure] = [entry for entry in logged if entry["event"] == "rebuild_failed"]
    assert (failure["exit_code"], failure["last_words"]) == (1, "rebuild: no.")
    assert (alarms, told.counts) == (["rebuild-failed"], {"recommender.rebuild.failed": 1})


async def test_of_a_crash_the_text_is_not_repeated(database: AsyncEngine, tmp_path: Path, told: Recorded) -> None:
    with capture_logs() as logged:
        async with rebuilding(database, StandIn(tmp_path / "notes", CRASH)) as running:
            running.start()
            await eventually(lambda: has_told(told), 60)
    [failure] = [entry for entry in logged if entry["event"] == "rebuild_failed"]
    assert (failure["exit_code"], failure["last_words"]) == (1, "")


async def test_after_a_failure_no_worker_tries_again_for_a_while(
    database: AsyncEngine, sql: Sql, tmp_path: Path, told: Recorded
) -> None:
    await sql(STEPS["film"])
    async with rebuilding(database, StandIn(tmp_path / "notes", FAIL)) as running:
        for minutes in (1, 2, 4):
            running.start()
            await eventually(partial(put_off_by, sql, minutes), 60)
            assert not await due(database, sql, FULL_DUE, (), rebuild_hour=3)
            await eventually(partial(free, running), 60)
    await sql("UPDATE recommender_model SET retry_at = now() - interval '1 second'")
    assert await due(database, sql, FULL_DUE, (), rebuild_hour=3)


async def put_off_by(sql: Sql, minutes: int) -> bool:
    left = await sql("SELECT extract(epoch FROM retry_at - now())::float8 / 60 FROM recommender_model")
    return left is not None and minutes / 2 < left <= minutes


async def free(running: Rebuilder) -> bool:
    return running.is_free


async def test_while_one_is_under_way_anywhere_none_is_due(database: AsyncEngine, sql: Sql) -> None:
    await sql(STEPS["film"])
    async with database.connect() as elsewhere:
        await elsewhere.execute(text("SELECT pg_advisory_lock(7421, 2)"))
        assert not await due(database, sql, FULL_DUE, (), rebuild_hour=3)
    assert await due(database, sql, FULL_DUE, (), rebuild_hour=3)


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [("sys.exit(3)", "skipped"), ("os.kill(os.getpid(), 15)", "stopped"), ("os.kill(os.getpid(), 9)", "failed")],
)
async def test_not_every_end_is_a_failure(
    database: AsyncEngine, tmp_path: Path, told: Recorded, ending: str, outcome: str
) -> None:
    async with rebuilding(database, StandIn(tmp_path / "notes", ending)) as running:
        running.start()
        await eventually(lambda: has_told(told), 60)
    assert told.counts == {f"recommender.rebuild.{outcome}": 1}


async def test_what_takes_too_long_is_killed(
    database: AsyncEngine, tmp_path: Path, told: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilder, "LONGEST_SECONDS", 1)
    stand_in = StandIn(tmp_path / "notes", HANG)
    async with rebuilding(database, stand_in) as running:
        running.start()
        await eventually(lambda: has_told(told), 60)
    assert told.counts == {"recommender.rebuild.failed": 1}


async def test_a_command_that_cannot_be_started_is_a_failure(
    database: AsyncEngine, tmp_path: Path, told: Recorded
) -> None:
    running = Rebuilder(database, (str(tmp_path / "nothing here"),))
    running.start()
    await eventually(lambda: has_told(told), 60)
    assert told.counts == {"recommender.rebuild.failed": 1}


async def test_stopping_kills_it(database: AsyncEngine, tmp_path: Path, told: Recorded) -> None:
    stand_in = StandIn(tmp_path / "notes", HANG)
    async with rebuilding(database, stand_in) as running:
        running.start()
        pid = int((await stand_in.started())[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert told.counts == {}


async def test_a_worker_that_stops_kills_it(
    settings: Settings, database: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = StandIn(tmp_path / "notes", HANG)
    async with worker(settings, stand_in, monkeypatch) as context:
        context["rebuilder"].start()
        pid = int((await stand_in.started())[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@asynccontextmanager
async def worker(settings: Settings, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Context]:
    """What jobs get, with rebuilds switched on."""
    monkeypatch.setattr(main, "Rebuilder", partial(Rebuilder, command=stand_in.command))
    enabled = settings.recommendations.model_copy(update={"rebuild": True})
    async with opened(settings.model_copy(update={"recommendations": enabled})) as context:
        yield context


JOBS = [
    (rebuild_all, ("film",), []),
    (rebuild_lonely, ("a model", "film", "person", "favourite"), ["--changed"]),
    (rebuild_changed, ("a model", "film", "person", "favourite"), ["--changed"]),
]


@pytest.mark.parametrize(("job", "steps", "options"), JOBS)
async def test_a_job_starts_what_is_due_and_does_not_wait_for_it(
    settings: Settings,
    sql: Sql,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    job: Callable[[Context], Awaitable[bool]],
    steps: tuple[str, ...],
    options: list[str],
) -> None:
    for step in steps:
        await sql(STEPS[step])
    stand_in = StandIn(tmp_path / "notes", HANG)
    async with worker(settings, stand_in, monkeypatch) as context:
        assert await job(context)
        assert (await stand_in.started())[1:] == options
        assert not await job(context)


async def test_without_redis_what_is_due_is_started_by_hand(
    settings: Settings, sql: Sql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sql(STEPS["film"])
    stand_in = StandIn(tmp_path / "notes", HANG)
    async with worker(settings, stand_in, monkeypatch) as context:
        await main.ring_by_hand(context)
        assert await stand_in.started()


@pytest.mark.parametrize("job", [job for job, _, _ in JOBS])
async def test_what_is_not_due_is_not_started(
    settings: Settings,
    sql: Sql,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    job: Callable[[Context], Awaitable[bool]],
) -> None:
    async with worker(settings, StandIn(tmp_path / "notes", HANG), monkeypatch) as context:
        assert not await job(context)


async def test_where_rebuilds_are_switched_off_none_starts(settings: Settings, sql: Sql) -> None:
    await sql(STEPS["film"])
    async with opened(settings) as context:
        assert not await rebuild_all(context)
