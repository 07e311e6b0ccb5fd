"""The rebuild of only those films whose favourites have changed."""

import numpy as np
import pytest

from tests.recommender.conftest import Shelf
from tests.recommender.made import films
from worker.recommender import gate
from worker.recommender.changes import changes
from worker.recommender.load import NothingToDo
from worker.recommender.rebuild import Refused, rebuild


@pytest.mark.parametrize(
    ("favourites", "fitted", "changed", "new"),
    [
        (11, 10, False, False),
        (12, 10, True, False),
        (8, 10, True, False),
        (1, 0, True, False),
        (0, 0, False, False),
        (3, -1, True, True),
        (0, -1, False, False),
    ],
)
def test_which_films_have_changed(favourites: int, fitted: int, changed: bool, new: bool) -> None:
    found = changes(films(1, favourites=np.array([favourites]), fitted=np.array([fitted])))
    assert (found.changed.tolist(), found.new.tolist()) == ([changed], [new])


NINE = "INSERT INTO film (kinopoisk_id, document) VALUES (9, '{}')"


async def leading_to(shelf: Shelf, film: int) -> dict[int, float]:
    rows = await shelf.rows()
    return {row[0]: dict(zip(row[1], row[2], strict=True))[film] for row in rows if film in row[1]}


async def test_what_leads_to_a_changed_film_is_as_a_full_rebuild_finds_it(shelf: Shelf) -> None:
    """But for one factor, which the next full rebuild sets anew for all."""
    await shelf.films(*range(1, 8))
    await shelf.people(*[[1, 2, 3], [1, 2], [2, 3, 4], [3, 4, 5], [1, 5, 6], [5, 6, 7]] * 5)
    await rebuild(shelf.connection)
    await shelf.people(*[[7, 1], [7, 2], [7, 1, 5]] * 4, first=100)
    await rebuild(shelf.connection, only_changed=True)
    changed = await leading_to(shelf, 7)
    await rebuild(shelf.connection)
    full = await leading_to(shelf, 7)
    assert set(changed) == set(full) == {1, 2, 5, 6}
    ratios = [changed[source] / full[source] for source in full]
    assert ratios == pytest.approx([ratios[0]] * len(ratios), rel=1e-4)


async def test_what_leads_to_other_films_stays(shelf: Shelf) -> None:
    await shelf.films(*range(1, 6))
    await shelf.people(*[[1, 2]] * 20, *[[3, 4]] * 20)
    await rebuild(shelf.connection)
    before = await leading_to(shelf, 2)
    await shelf.people(*[[3, 4]] * 10, first=100)
    await rebuild(shelf.connection, only_changed=True)
    assert await leading_to(shelf, 2) == before


async def test_a_favourite_without_neighbours_gets_some(shelf: Shelf) -> None:
    await shelf.films(1, 2, 3)
    await shelf.people(*[[1, 2]] * 6)
    await rebuild(shelf.connection)
    await shelf.similar({9: [3, 1]})
    await shelf.people([9], first=100)
    await shelf.connection.execute(NINE)
    await rebuild(shelf.connection, only_changed=True)
    assert set(await shelf.neighbours(9)) == {1, 3}


@pytest.mark.parametrize("only_changed", [False, True])
async def test_a_favourite_is_new_once_it_is_stored(shelf: Shelf, only_changed: bool) -> None:
    """Before, neither rebuild takes note of it."""
    await shelf.films(1, 2, 3)
    await shelf.people(*[[1, 2]] * 6)
    await rebuild(shelf.connection)
    await shelf.people([9], *[[1, 2]] * 3, first=100)
    await rebuild(shelf.connection, only_changed=only_changed)
    with pytest.raises(NothingToDo):
        await rebuild(shelf.connection, only_changed=True)
    await shelf.connection.execute(NINE)
    await shelf.similar({9: [3, 1]})
    await rebuild(shelf.connection, only_changed=True)
    assert set(await shelf.neighbours(9)) == {1, 3}


async def test_slow_change_adds_up(shelf: Shelf) -> None:
    """A film is compared with how it was when it was last looked at, not with an hour ago."""
    await shelf.films(1, 2, 3)
    await shelf.people(*[[1, 2]] * 20)
    await rebuild(shelf.connection)
    await shelf.people([3], [1], [1], first=100)
    await rebuild(shelf.connection, only_changed=True)
    assert await shelf.connection.fetchval("SELECT favourites FROM film_neighbour WHERE kinopoisk_id = 1") == 20


async def test_what_the_next_model_is_held_against_stays(shelf: Shelf) -> None:
    """Only a rebuild of all films sets it, or a model could get worse by a tenth each hour."""
    await shelf.films(*range(1, 5))
    await shelf.people(*[[1, 2]] * 6)
    await rebuild(shelf.connection)
    await shelf.connection.execute("UPDATE recommender_model SET films = 4, quality = 0.5")
    await shelf.people(*[[1, 2, 3]] * 3, first=100)
    with pytest.raises(Refused, match="3 films have neighbours, in the model in use 4"):
        await rebuild(shelf.connection, only_changed=True)
    await rebuild(shelf.connection, only_changed=True, force=True)
    model = await shelf.model()
    assert (model["films"], model["quality"]) == (4, 0.5)
    assert await gate.in_use(shelf.connection) == (4, 2, 0.5)


async def test_nothing_changed(shelf: Shelf) -> None:
    await shelf.films(1, 2)
    await shelf.people(*[[1, 2]] * 6)
    await rebuild(shelf.connection)
    with pytest.raises(NothingToDo, match="No film's favourites have changed by much"):
        await rebuild(shelf.connection, only_changed=True)


async def test_before_the_first_rebuild_everything_has_changed(shelf: Shelf) -> None:
    await shelf.films(1, 2)
    await shelf.people(*[[1, 2]] * 6)
    await rebuild(shelf.connection, only_changed=True)
    assert set(await shelf.neighbours(1)) == {2}
