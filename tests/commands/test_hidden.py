"""Hiding films and unhiding them."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.client import Client, Service, problem
from tests.conftest import Serve


async def hidden(client: Client) -> list[int]:
    return [item["kinopoisk_id"] for item in (await client.hidden())["items"]]


@pytest.mark.parametrize("film", [1, 301, 2**31 - 1])
async def test_any_film_can_be_hidden(anna: Client, film: int) -> None:
    answer = await anna.hide(film)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await hidden(anna) == [film]


async def test_hiding_again_changes_nothing(anna: Client) -> None:
    await anna.hide(301)
    before = await anna.hidden()
    assert (await anna.hide(301)).status_code == 204
    assert await anna.hidden() == before


async def test_fifty_equal_wishes_at_once_are_one(anna: Client) -> None:
    answers = await asyncio.gather(*(anna.hide(301) for _ in range(50)))
    assert ({answer.status_code for answer in answers}, await hidden(anna)) == ({204}, [301])


async def test_an_unhidden_film_is_hidden_no_more(anna: Client) -> None:
    await anna.hide(301)
    assert (await anna.unhide(301)).status_code == 204
    assert await hidden(anna) == []


async def test_what_is_not_hidden_cannot_be_unhidden(anna: Client) -> None:
    problem(await anna.unhide(301), 404, "hidden-film-not-found")


async def test_unhiding_touches_nobody_elses_list(service: Service, anna: Client) -> None:
    boris = await service.user("boris")
    await boris.hide(301)
    problem(await anna.unhide(301), 404, "hidden-film-not-found")
    assert await hidden(boris) == [301]


async def test_hiding_asks_for_no_details(anna: Client, database: AsyncEngine) -> None:
    await anna.hide(301)
    async with database.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM film_sync")) == 0


async def test_a_favourite_can_be_hidden_and_stays(anna: Client) -> None:
    await anna.add(301)
    assert (await anna.hide(301)).status_code == 204
    assert await anna.ids() == [301]


async def test_a_full_list_takes_no_more(serve: Serve) -> None:
    anna = await (await serve(limits={"hidden_per_user": 2})).user("anna")
    await anna.hide(301)
    await anna.hide(302)
    problem(await anna.hide(303), 409, "hidden-limit-reached")


async def test_a_full_list_still_takes_what_it_holds(serve: Serve) -> None:
    anna = await (await serve(limits={"hidden_per_user": 1})).user("anna")
    await anna.hide(301)
    assert (await anna.hide(301)).status_code == 204


async def test_hiding_in_parallel_does_not_overrun_the_limit(serve: Serve) -> None:
    anna = await (await serve(limits={"hidden_per_user": 5})).user("anna")
    answers = await asyncio.gather(*(anna.hide(film) for film in range(301, 321)))
    assert sorted(answer.status_code for answer in answers) == [204] * 5 + [409] * 15
