"""What the rebuild takes into account, whatever is missing."""

from typing import Any

import numpy as np
import pytest

from shared.recommendations import ADULT, CONTENT, SIMILAR
from tests.recommender.conftest import Shelf
from worker.recommender.favourites import load_favourites
from worker.recommender.films import load_films
from worker.recommender.load import NothingToDo, load
from worker.recommender.rebuild import rebuild


async def kinds(shelf: Shelf, film: int) -> dict[int, int]:
    row = await shelf.connection.fetchrow("SELECT neighbours, kinds FROM film_neighbour WHERE kinopoisk_id = $1", film)
    return dict(zip(*row, strict=True)) if row else {}


async def test_without_people_kinopoisk_and_content_lead(shelf: Shelf) -> None:
    await shelf.films(1, 2, genres=[1])
    await shelf.films(3, 4, genres=[2], year=1950)
    await shelf.similar({1: [3]})
    await rebuild(shelf.connection)
    assert await kinds(shelf, 1) == {2: CONTENT, 3: SIMILAR}
    assert (await shelf.model())["half_row_max"] == 0


async def test_without_anything_known_of_films_people_lead(shelf: Shelf) -> None:
    await shelf.connection.execute(
        "INSERT INTO film (kinopoisk_id, document, genres) VALUES (1, '{}', '{2}'), (2, '{}', '{2}')"
    )
    await shelf.people(*[[1, 2]] * 6)
    await rebuild(shelf.connection)
    assert set(await shelf.neighbours(1)) == {2}


async def test_a_favourite_that_is_not_stored_leads_and_is_not_led_to(shelf: Shelf) -> None:
    await shelf.films(1)
    await shelf.people(*[[1, 9]] * 6)
    await rebuild(shelf.connection)
    assert set(await shelf.neighbours(9)) == {1}
    assert await shelf.neighbours(1) == {}


async def test_films_for_adults_and_without_genres_lead_and_are_not_led_to(shelf: Shelf) -> None:
    await shelf.films(1, 2)
    await shelf.films(3, genres=[ADULT])
    await shelf.films(4, genres=[])
    await shelf.people(*[[1, 2, 3, 4]] * 6)
    await rebuild(shelf.connection)
    assert set(await shelf.neighbours(1)) == {2}
    assert set(await shelf.neighbours(3)) == set(await shelf.neighbours(4)) == {1, 2}


async def test_without_films_nothing_is_published(shelf: Shelf) -> None:
    await shelf.people([1, 2])
    with pytest.raises(NothingToDo, match=r"There is no film to recommend yet\."):
        await rebuild(shelf.connection)
    assert await shelf.model() == {}


async def test_favourites_come_person_by_person_the_newest_first(shelf: Shelf) -> None:
    await shelf.films(10, 20, 30)
    await shelf.people([30, 10], [20], [10, 20, 30])
    found = await loaded(shelf.connection)
    films = np.split(np.array([10, 20, 30])[found.films], np.cumsum(found.lengths)[:-1])
    assert [each.tolist() for each in films] == [[30, 10], [20], [10, 20, 30]]


async def test_only_the_latest_two_hundred_are_learnt_from(shelf: Shelf) -> None:
    await shelf.people(range(1, 251))
    found = await loaded(shelf.connection)
    assert found.films.tolist() == list(range(200))


async def loaded(connection: Any) -> Any:
    async with connection.transaction():
        return await load_favourites(connection, await load_films(connection))


async def test_films_without_neighbours_are_remembered_as_looked_at(shelf: Shelf) -> None:
    """Or the rebuild of what changed would find them new each hour."""
    await shelf.films(1, 2)
    await shelf.people([1])
    await rebuild(shelf.connection)
    assert await shelf.rows() == [(1, [], [], [], 1), (2, [], [], [], 0)]
    films = (await load(shelf.connection, only_changed=False)).films
    assert films.fitted.tolist() == [1, 0]
