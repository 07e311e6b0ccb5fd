"""taste_version: higher after every change of what a user likes, in the transaction of the change."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.client import Client, Service
from tests.conftest import Serve


async def taste(database: AsyncEngine, username: str = "anna") -> int:
    async with database.connect() as connection:
        version = text("SELECT taste_version FROM user_account WHERE username = :username")
        return int((await connection.execute(version, {"username": username})).scalar_one())


@pytest.fixture
async def no_commit(database: AsyncEngine) -> AsyncIterator[None]:
    """Every transaction that changes what somebody likes fails when it is committed."""
    async with database.connect() as connection:
        await connection.execute(
            text("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$")
        )
        await connection.execute(
            text("""CREATE CONSTRAINT TRIGGER refused AFTER UPDATE ON user_account
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()""")
        )
        yield
        await connection.execute(text("DROP FUNCTION refuse CASCADE"))


async def test_a_new_favourite_raises_it_once(anna: Client, database: AsyncEngine) -> None:
    await anna.add(301)
    await anna.add(302)
    assert await taste(database) == 2


async def test_adding_again_does_not_raise_it(anna: Client, database: AsyncEngine) -> None:
    await anna.add(301)
    await anna.add(301)
    assert await taste(database) == 1


async def test_a_removal_raises_it_once(anna: Client, database: AsyncEngine) -> None:
    await anna.add(301)
    await anna.remove(301)
    await anna.remove(301)
    assert await taste(database) == 2


async def test_hiding_a_film_raises_it_once(anna: Client, database: AsyncEngine) -> None:
    await anna.hide(301)
    await anna.hide(301)
    assert await taste(database) == 1


async def test_unhiding_a_film_raises_it_once(anna: Client, database: AsyncEngine) -> None:
    await anna.hide(301)
    await anna.unhide(301)
    await anna.unhide(301)
    assert await taste(database) == 2


async def test_changes_at_the_same_time_are_all_counted(anna: Client, database: AsyncEngine) -> None:
    for film in range(1, 6):
        await anna.add(film)
        await anna.hide(film)
    changes = [[anna.remove(film), anna.unhide(film), anna.add(film + 5), anna.hide(film + 5)] for film in range(1, 6)]
    answers = await asyncio.gather(*(change for group in changes for change in group))
    assert {answer.status_code for answer in answers} == {202, 204}
    assert await taste(database) == 30


async def test_it_is_of_one_user(anna: Client, service: Service, database: AsyncEngine) -> None:
    boris = await service.user("boris")
    await boris.add(301)
    await boris.hide(302)
    await anna.remove(301)
    await anna.unhide(302)
    assert (await taste(database), await taste(database, "boris")) == (0, 2)


async def test_a_refused_favourite_does_not_raise_it(serve: Serve, database: AsyncEngine) -> None:
    anna = await (await serve(limits={"favorites_per_user": 1})).user("anna")
    await anna.add(301)
    await anna.add(302)
    assert await taste(database) == 1


@pytest.mark.usefixtures("no_commit")
async def test_an_add_that_fails_does_not_raise_it(anna: Client, database: AsyncEngine) -> None:
    assert (await anna.add(301)).status_code == 500
    assert await taste(database) == 0


@pytest.mark.usefixtures("no_commit")
async def test_hiding_that_fails_does_not_raise_it(anna: Client, database: AsyncEngine) -> None:
    assert (await anna.hide(301)).status_code == 500
    assert await taste(database) == 0
