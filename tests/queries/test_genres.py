"""GET /genres, and which genre is meant by what somebody types."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import errors, shapes
from api.queries.genres import resolve
from shared.genres import GENRES
from tests.client import Service

DRAMA, COMEDY = 2, 13
ALL = {genre.slug for genre in GENRES} - {"adult"}


async def chart(database: AsyncEngine, **films: int) -> None:
    """So many films in the chart of each genre, and in the one of all."""
    ids = {"overall": 0, "drama": DRAMA, "comedy": COMEDY, "adult": 28}
    insert = text("INSERT INTO film_chart SELECT :genre, place, 300 + place FROM generate_series(1, :films) place")
    async with database.connect() as connection:
        for name, count in films.items():
            await connection.execute(insert, {"genre": ids[name], "films": count})


async def listed(service: Service) -> list[shapes.KnownGenre]:
    answer = await service.http.get("/genres")
    assert answer.status_code == 200, answer.text
    return [shapes.KnownGenre.model_validate(genre) for genre in answer.json()]


async def refusal(database: AsyncEngine, typed: str) -> errors.UnknownGenre:
    with pytest.raises(errors.UnknownGenre) as caught:
        await resolve(database, typed)
    return caught.value


async def test_every_genre_but_that_for_adults_is_listed(service: Service) -> None:
    assert {genre.slug for genre in await listed(service)} == ALL


async def test_genres_are_ordered_by_russian_name(service: Service) -> None:
    names = [genre.name_ru for genre in await listed(service)]
    assert (names[:3], names == sorted(names)) == (["аниме", "биография", "боевик"], True)


async def test_a_genre_tells_how_many_films_may_be_recommended(service: Service, database: AsyncEngine) -> None:
    await chart(database, overall=5, drama=3, comedy=1)
    assert {genre.slug: genre.films for genre in await listed(service) if genre.films} == {"drama": 3, "comedy": 1}


async def test_genres_may_be_kept_for_a_minute(service: Service) -> None:
    assert (await service.http.get("/genres")).headers["cache-control"] == "public, max-age=60"


async def test_no_genre_is_no_genre(database: AsyncEngine) -> None:
    assert await resolve(database, None) is None


async def test_a_known_genre_is_that_genre_whether_or_not_it_has_films(database: AsyncEngine) -> None:
    genre = await resolve(database, "Драма")
    assert genre
    assert genre.id == DRAMA


async def test_a_refusal_lists_the_genres_that_have_films(database: AsyncEngine) -> None:
    await chart(database, overall=5, drama=3, comedy=1, adult=1)
    assert (await refusal(database, "кино")).extensions == {"genres": ["drama", "comedy"], "nearest": None}


async def test_while_there_are_no_films_a_refusal_lists_all_genres(database: AsyncEngine) -> None:
    assert {*(await refusal(database, "кино")).extensions["genres"]} == ALL


async def test_a_refusal_names_what_was_perhaps_meant(database: AsyncEngine) -> None:
    assert (await refusal(database, "комедея")).extensions["nearest"] == "comedy"


@pytest.mark.parametrize("typed", ["adult", "для взрослых", "For Adults"])
async def test_nobody_asks_for_films_for_adults(database: AsyncEngine, typed: str) -> None:
    assert (await refusal(database, typed)).extensions["nearest"] is None
