"""GET /recommendations: what is told, for whom, how long it is kept, and what takes it away again."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from api.queries import recommendations
from api.queries.ranking import rank
from dev.testing import Servers
from tests.client import Client, Service, problem
from tests.conftest import Serve
from tests.queries.world import Films, World, store

# Two comedies and three others; 11 and 12 are like 1.
FILMS: Films = {
    1: ([13], None, 0.5, 0.0),
    2: ([6], None, 0.9, 0.0),
    3: ([2], None, 0.8, 0.0),
    11: ([13], None, 0.1, 0.0),
    12: ([2], None, 0.1, 0.0),
}
NEIGHBOURS = {1: [(11, 1.0, 0), (12, 0.8, 1)]}


@pytest.fixture
async def world(database: AsyncEngine) -> None:
    await store(database, World(FILMS, NEIGHBOURS, []))


async def listed(asking: Client | Service, headers: dict[str, str] | None = None, **params: Any) -> dict[str, Any]:
    """The answer, which has the documented shape."""
    get = asking.get if isinstance(asking, Client) else asking.http.get
    answer = await get("/recommendations", params=params, headers=headers or {})
    assert answer.status_code == 200, answer.text
    shapes.Recommendations.model_validate_json(answer.content)
    return dict(answer.json())


def ids(answer: dict[str, Any]) -> list[int]:
    return [item["film"]["kinopoisk_id"] for item in answer["items"]]


async def change(database: AsyncEngine, statement: str) -> None:
    async with database.connect() as connection:
        await connection.execute(text(statement))


@pytest.mark.usefixtures("world")
async def test_a_visitor_gets_what_is_popular(service: Service) -> None:
    answer = await listed(service)
    assert (answer["strategy"], answer["genre"]) == ("popular", None)
    assert ids(answer) == [2, 3, 1, 11, 12]
    assert answer["items"][0]["strategy"] == "popular"
    assert answer["items"][0]["reason"] == {"code": "popular", "because": None, "text": "Популярно сейчас"}


@pytest.mark.usefixtures("world")
async def test_a_favourite_leads_to_others_and_says_so(anna: Client) -> None:
    await anna.add(1)
    answer = await listed(anna)
    assert answer["strategy"] == "personal"
    assert ids(answer) == [11, 12, 2, 3]
    assert [item["strategy"] for item in answer["items"]] == ["personal", "personal", "popular", "popular"]
    first, second = answer["items"][0]["reason"], answer["items"][1]["reason"]
    assert first["code"] == "because-you-liked"
    assert first["because"] == {"kinopoisk_id": 1, "name_ru": "Фильм 1"}
    assert "«Фильм 1»" in first["text"]
    assert second["code"] == "similar-on-kinopoisk"


@pytest.mark.usefixtures("world")
async def test_a_genre_has_films_of_it_alone(anna: Client) -> None:
    await anna.add(1)
    answer = await listed(anna, genre="Драма")
    assert (answer["strategy"], answer["genre"]) == ("genre", "drama")
    assert [(item["film"]["kinopoisk_id"], item["strategy"]) for item in answer["items"]] == [
        (12, "personal"),
        (3, "genre"),
    ]
    assert answer["items"][1]["reason"]["code"] == "popular-in-genre"


@pytest.mark.usefixtures("world")
async def test_an_unknown_genre_is_answered_with_those_that_have_films(service: Service) -> None:
    answer = await service.http.get("/recommendations", params={"genre": "камедия"})
    told = problem(answer, 422, "unknown-genre")
    assert told["nearest"] == "comedy"
    assert set(told["genres"]) == {"comedy", "sci-fi", "drama"}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("limit", "films"), [(1, 1), (3, 3), (50, 5)])
async def test_there_are_at_most_so_many(service: Service, limit: int, films: int) -> None:
    assert len(ids(await listed(service, limit=limit))) == films


@pytest.mark.parametrize("limit", ["0", "51", "-1", "five", "1.0", ""])
async def test_other_limits_are_refused(service: Service, limit: str) -> None:
    problem(await service.http.get("/recommendations", params={"limit": limit}), 422, "invalid-request")


async def test_a_bad_token_is_no_visitor(service: Service) -> None:
    answer = await service.http.get("/recommendations", headers={"Authorization": "Bearer none"})
    problem(answer, 401, "unauthorized")


async def test_an_empty_database_recommends_nothing(service: Service) -> None:
    assert (await listed(service))["items"] == []


@pytest.mark.usefixtures("world")
async def test_reasons_are_told_in_english_too(service: Service) -> None:
    answer = await service.http.get("/recommendations", headers={"Accept-Language": "en-GB"})
    assert answer.json()["items"][0]["reason"]["text"] == "Popular right now"
    assert (answer.headers["content-language"], answer.headers["vary"]) == ("en", "Accept-Language")
    assert (await listed(service))["items"][0]["reason"]["text"] == "Популярно сейчас"


@pytest.mark.usefixtures("world")
async def test_a_list_is_kept(service: Service, anna: Client) -> None:
    for asking in (service, anna):
        assert await listed(asking) == await listed(asking)


@pytest.mark.usefixtures("world")
async def test_each_list_is_kept_for_itself(service: Service, anna: Client) -> None:
    await anna.add(1)
    assert ids(await listed(service)) != ids(await listed(anna))
    assert ids(await listed(anna)) != ids(await listed(anna, limit=2)) != ids(await listed(anna, genre="drama"))


@pytest.mark.usefixtures("world")
async def test_people_whose_tastes_look_alike_get_lists_of_their_own(
    service: Service, anna: Client, database: AsyncEngine
) -> None:
    boris = await service.user("boris")
    await anna.add(1)
    await boris.add(2)
    await change(database, "UPDATE favourite SET added_at = '2026-01-01'")
    assert 2 in ids(await listed(anna))
    assert 2 not in ids(await listed(boris))


@pytest.mark.usefixtures("world")
async def test_who_asks_at_the_same_time_shares_one_ranking(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    ranked = []

    async def counted(*wish: Any) -> Any:
        ranked.append(wish)
        return await rank(*wish)

    monkeypatch.setattr(recommendations, "rank", counted)
    answers = await asyncio.gather(*(listed(service) for _ in range(10)))
    assert len(ranked) == 1
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.usefixtures("world")
async def test_what_turned_out_to_be_for_adults_is_replaced(service: Service, database: AsyncEngine) -> None:
    await change(database, "UPDATE film SET genres = '{2, 28}' WHERE kinopoisk_id = 2")
    assert ids(await listed(service, limit=4)) == [3, 1, 11, 12]


@pytest.mark.usefixtures("world")
async def test_a_list_that_is_not_full_is_not_kept(service: Service, database: AsyncEngine) -> None:
    await change(database, "UPDATE film SET kinopoisk_id = -kinopoisk_id + 1000")
    assert ids(await listed(service)) == []
    await change(database, "UPDATE film SET kinopoisk_id = -(kinopoisk_id - 1000)")
    assert ids(await listed(service)) == [2, 3, 1, 11, 12]


@pytest.mark.usefixtures("world")
async def test_a_new_favourite_changes_the_list_at_once(anna: Client) -> None:
    await anna.add(1)
    assert 11 in ids(await listed(anna))
    await anna.add(11)
    assert 11 not in ids(await listed(anna))
    await anna.remove(11)
    assert 11 in ids(await listed(anna))


@pytest.mark.usefixtures("world")
async def test_a_hidden_film_is_not_recommended_until_it_is_hidden_no_more(anna: Client) -> None:
    assert 2 in ids(await listed(anna))
    await anna.send("PUT", "/movies/hidden/2")
    assert 2 not in ids(await listed(anna))
    await anna.send("DELETE", "/movies/hidden/2")
    assert 2 in ids(await listed(anna))


@pytest.mark.usefixtures("world")
async def test_a_new_model_makes_new_lists(service: Service, database: AsyncEngine) -> None:
    before = await listed(service)
    await change(database, "UPDATE film_trend SET prior = 1 - prior")
    assert await listed(service) == before
    await change(database, "UPDATE recommender_model SET version = version + 1")
    assert ids(await listed(service)) == [11, 12, 1, 3, 2]


@pytest.mark.usefixtures("world")
async def test_without_a_model_nothing_is_kept(service: Service, database: AsyncEngine) -> None:
    await change(database, "TRUNCATE recommender_model, film_neighbour")
    before = await listed(service)
    assert ids(before) == [2, 3, 1, 11, 12]
    assert await listed(service) != before


@pytest.mark.usefixtures("world")
async def test_what_cannot_be_read_is_made_anew(service: Service, migrated: Servers) -> None:
    before = await listed(service)
    async with Redis.from_url(migrated.redis.url) as redis:
        [key] = await redis.keys("kinoshelf:recommendations:*")
        await redis.set(key, b"no list")
    assert ids(await listed(service)) == ids(before)


@pytest.mark.usefixtures("world")
async def test_kept_lists_run_out(service: Service, migrated: Servers) -> None:
    await listed(service)
    async with Redis.from_url(migrated.redis.url) as redis:
        [key] = await redis.keys("kinoshelf:recommendations:*")
        assert 0 < await redis.ttl(key) <= 600


@pytest.mark.usefixtures("world")
async def test_without_redis_the_list_is_the_same(serve: Serve, service: Service) -> None:
    alone = await serve(redis={"url": SecretStr("redis://127.0.0.1:1/0")})
    assert ids(await listed(alone)) == ids(await listed(service))
