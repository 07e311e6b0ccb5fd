"""The list of favourites and its pages."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.client import Client, Service, problem


async def add_many(database: AsyncEngine, count: int, *, same_moment: bool = False) -> None:
    """Favourites of the only user, film 1 oldest."""
    async with database.connect() as connection:
        await connection.execute(
            text("INSERT INTO film_sync (kinopoisk_id) SELECT generate_series(1, :count)"), {"count": count}
        )
        await connection.execute(
            text("""INSERT INTO favourite (user_id, kinopoisk_id, added_at)
                SELECT u.id, n, now() + make_interval(secs => CASE WHEN :same THEN 0 ELSE n END)
                FROM user_account u, generate_series(1, :count) n"""),
            {"count": count, "same": same_moment},
        )


async def walk(anna: Client, limit: int) -> list[int]:
    """All ids, page by page."""
    ids: list[int] = []
    cursor: str | None = None
    while True:
        page = await anna.page(limit=limit, **({"cursor": cursor} if cursor else {}))
        ids += [item["kinopoisk_id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            return ids


async def test_a_new_user_has_an_empty_list(anna: Client) -> None:
    assert await anna.page() == {"items": [], "next_cursor": None}


async def test_the_newest_favourite_comes_first(anna: Client) -> None:
    for film in (301, 41519, 535341):
        await anna.add(film)
    assert await anna.ids() == [535341, 41519, 301]


async def test_a_page_has_twenty_items_unless_told(anna: Client, database: AsyncEngine) -> None:
    await add_many(database, 25)
    assert len(await anna.ids()) == 20


@pytest.mark.parametrize("limit", [1, 7, 25, 100])
async def test_pages_show_every_favourite_once_and_in_order(anna: Client, database: AsyncEngine, limit: int) -> None:
    await add_many(database, 25)
    assert await walk(anna, limit) == list(range(25, 0, -1))


async def test_favourites_of_the_same_moment_are_told_apart(anna: Client, database: AsyncEngine) -> None:
    await add_many(database, 25, same_moment=True)
    assert await walk(anna, 3) == list(range(25, 0, -1))


async def test_a_full_last_page_has_no_cursor(anna: Client, database: AsyncEngine) -> None:
    await add_many(database, 5)
    assert (await anna.page(limit=5))["next_cursor"] is None


async def test_a_favourite_added_meanwhile_moves_no_later_page(anna: Client, database: AsyncEngine) -> None:
    await add_many(database, 6)
    first = await anna.page(limit=3)
    await anna.add(301)
    second = await anna.page(limit=3, cursor=first["next_cursor"])
    assert [item["kinopoisk_id"] for item in second["items"]] == [3, 2, 1]


async def test_the_list_is_for_its_user_alone(service: Service, anna: Client) -> None:
    boris = await service.user("boris")
    await anna.add(301)
    assert await boris.ids() == []


async def test_the_item_of_another_user_is_not_found(service: Service, anna: Client) -> None:
    boris = await service.user("boris")
    await anna.add(301)
    problem(await boris.get("/movies/favorites/301"), 404, "favorite-not-found")


async def test_clients_ask_again_before_they_show_a_kept_list(anna: Client) -> None:
    assert (await anna.get("/movies/favorites")).headers["cache-control"] == "private, no-cache"
