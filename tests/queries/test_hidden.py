"""The list of hidden films and its pages."""

import pytest

from api.cursors import from_cursor
from tests.client import Client, Service


async def test_a_new_user_hides_nothing(anna: Client) -> None:
    assert await anna.hidden() == {"items": [], "next_cursor": None}


async def test_a_film_of_which_nothing_is_stored_is_listed_by_its_id(anna: Client) -> None:
    await anna.hide(301)
    [item] = (await anna.hidden())["items"]
    assert (item["kinopoisk_id"], item["film"]) == (301, None)


async def test_a_stored_film_is_shown_as_it_is(anna: Client) -> None:
    film = (await anna.get("/movies/301")).json()
    await anna.hide(301)
    assert (await anna.hidden())["items"][0]["film"] == film


async def test_a_film_known_from_a_list_alone_is_shown_as_its_summary(anna: Client) -> None:
    await anna.get("/movies/search", params={"query": "матрица"})
    await anna.hide(301)
    assert (await anna.hidden())["items"][0]["film"]["detail"] == "summary"


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
async def test_pages_show_every_film_once_the_latest_first(anna: Client, limit: int) -> None:
    for film in range(1, 8):
        await anna.hide(film)
    seen: list[int] = []
    page = await anna.hidden(limit=limit)
    seen += [item["kinopoisk_id"] for item in page["items"]]
    while page["next_cursor"]:
        page = await anna.hidden(limit=limit, cursor=page["next_cursor"])
        seen += [item["kinopoisk_id"] for item in page["items"]]
    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_the_cursor_is_the_last_item_of_the_page(anna: Client) -> None:
    for film in (301, 302):
        await anna.hide(film)
    assert from_cursor((await anna.hidden(limit=1))["next_cursor"])[1] == 302


async def test_the_list_is_for_its_user_alone(service: Service, anna: Client) -> None:
    boris = await service.user("boris")
    await anna.hide(301)
    assert await boris.hidden() == {"items": [], "next_cursor": None}


async def test_clients_ask_again_before_they_show_a_kept_list(anna: Client) -> None:
    assert (await anna.get("/movies/hidden")).headers["cache-control"] == "private, no-cache"
