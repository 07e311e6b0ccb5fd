"""The rebuild of recommendations as a process: what it publishes, what it says, and what it survives."""

import json
import os
import pty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from dev.testing import Servers
from tests.client import eventually
from tests.recommender.conftest import Command, Shelf

AT_WORK = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7421 AND objid = 2"
# A process of its own takes long to start on a busy machine.
START_SECONDS = 60
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@asynccontextmanager
async def publishing_held_up(servers: Servers) -> AsyncIterator[None]:
    """Until the end nobody gets beyond the last statement before the commit."""
    other = await asyncpg.connect(servers.postgres.url)
    try:
        await other.execute("BEGIN")
        await other.execute("SELECT FROM recommender_model FOR UPDATE")
        yield
    finally:
        await other.close()


async def published(shelf: Shelf, command: Command) -> list[Any]:
    """A first model, with two films that lead to each other; answers its rows."""
    await shelf.films(1, 2, 3)
    await shelf.people(*[[1, 2]] * 6)
    assert (await command.run())[0] == 0
    return await shelf.rows()


async def test_what_people_have_together_becomes_neighbours(shelf: Shelf, command: Command) -> None:
    await shelf.films(1, 2, 3, 4)
    await shelf.people(*[[1, 2]] * 6, *[[3, 4]] * 6)
    assert (await command.run())[0] == 0
    assert [set(await shelf.neighbours(film)) for film in (1, 2, 3, 4)] == [{2}, {1}, {4}, {3}]


async def test_the_log_tells_the_figures(shelf: Shelf, command: Command) -> None:
    await shelf.films(1, 2, 3)
    await shelf.people(*[[1, 2]] * 6)
    code, said, _ = await command.run()
    line = json.loads(said.splitlines()[-1])
    assert (code, line["event"], line["service"]) == (0, "recommendations_rebuilt", "rebuild")
    assert (line["films"], line["users"], line["favourites"], line["quality"]) == (2, 6, 12, None)
    assert line["seconds"] > 0
    assert 20 < line["peak_mb"] < 120


async def test_the_same_data_make_the_same_table(shelf: Shelf, command: Command) -> None:
    first = await published(shelf, command)
    await command.run()
    assert await shelf.rows() == first


async def test_readers_see_the_old_model_until_the_new_one_is_complete(
    shelf: Shelf, command: Command, servers: Servers
) -> None:
    old = await published(shelf, command)
    await shelf.people(*[[2, 3]] * 6, first=10)
    async with publishing_held_up(servers):
        process = await command.start()
        await eventually(lambda: shelf.connection.fetchval(WAITING), START_SECONDS)
        assert await shelf.rows() == old
    assert await process.wait() == 0
    assert set(await shelf.neighbours(2)) == {1, 3}


async def test_each_model_has_a_higher_version(shelf: Shelf, command: Command) -> None:
    await published(shelf, command)
    future = await shelf.connection.fetchval("UPDATE recommender_model SET version = version * 2 RETURNING version")
    await command.run()
    assert (await shelf.model())["version"] == future + 1


async def test_a_model_is_built_when_all_of_it_was(shelf: Shelf, command: Command) -> None:
    await shelf.films(1, 2, 3, 4)
    await shelf.people(*[[1, 2]] * 6)
    await command.run()
    before = await shelf.model()
    await shelf.people(*[[1, 2, 3]] * 3, first=100)
    assert (await command.run("--changed"))[0] == 0
    after = await shelf.model()
    assert (after["built_at"], after["users"]) == (before["built_at"], 6)
    assert after["version"] > before["version"]


async def test_of_two_at_once_one_works_and_the_other_says_so(shelf: Shelf, command: Command, servers: Servers) -> None:
    await published(shelf, command)
    async with publishing_held_up(servers):
        first = await command.start()
        await eventually(lambda: shelf.connection.fetchval(WAITING), START_SECONDS)
        code, said, _ = await command.run()
    assert (code, said) == (3, "Another rebuild of recommendations is under way.\n")
    assert await first.wait() == 0


async def test_killed_in_the_middle_it_leaves_the_old_model_and_the_next_one_succeeds(
    shelf: Shelf, command: Command, servers: Servers
) -> None:
    old = await published(shelf, command)
    await shelf.people(*[[2, 3]] * 6, first=10)
    async with publishing_held_up(servers):
        process = await command.start()
        await eventually(lambda: shelf.connection.fetchval(WAITING), START_SECONDS)
        process.kill()
        await process.wait()

    async def let_go() -> bool:
        return not await shelf.connection.fetchval(AT_WORK)

    await eventually(let_go, START_SECONDS)
    assert await shelf.rows() == old
    assert (await command.run())[0] == 0
    assert set(await shelf.neighbours(2)) == {1, 3}


async def test_a_broken_model_is_refused_and_the_old_one_stays(shelf: Shelf, command: Command) -> None:
    old = await published(shelf, command)
    await shelf.connection.execute("DELETE FROM favourite")
    code, _, complained = await command.run()
    assert code == 1
    assert complained == (
        "rebuild: The new recommendations were not published: 0 films have neighbours, in the model in use 2. "
        "--force publishes them all the same.\n"
    )
    assert await shelf.rows() == old


async def test_force_publishes_what_seems_broken(shelf: Shelf, command: Command) -> None:
    await published(shelf, command)
    await shelf.connection.execute("DELETE FROM favourite")
    assert (await command.run("--force"))[0] == 0
    assert [row[1] for row in await shelf.rows()] == [[], [], []]


async def test_a_database_that_is_away_is_one_sentence(environment: dict[str, str]) -> None:
    away = environment | {"KINOSHELF__POSTGRES__URL": "postgresql://127.0.0.1:1/nowhere"}
    code, _, complained = await Command(away).run()
    assert code == 1
    assert complained.startswith("rebuild: PostgreSQL cannot be used")
    assert complained.count("\n") == 1


async def test_the_lean_process_alone_says_how_to_start_it(environment: dict[str, str]) -> None:
    code, _, complained = await Command(environment, "worker.recommender").run()
    assert code == 2
    assert complained.endswith("start it as: python -m worker.rebuild recommendations\n")


async def test_in_a_terminal_a_bar_runs_over_the_films(shelf: Shelf, environment: dict[str, str]) -> None:
    await shelf.films(1, 2, 3)
    await shelf.people(*[[1, 2]] * 6)
    ours, its = pty.openpty()
    process = await Command(environment).start(stderr=its)
    os.close(its)
    await process.wait()
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "Films" in shown
    assert "3/3" in shown


async def test_a_document_that_cannot_be_read_hides_only_its_countries(shelf: Shelf, command: Command) -> None:
    await published(shelf, command)
    await shelf.connection.execute("UPDATE film SET document = 'no document' WHERE kinopoisk_id = 1")
    assert (await command.run())[0] == 0
    assert set(await shelf.neighbours(1)) == {2}
