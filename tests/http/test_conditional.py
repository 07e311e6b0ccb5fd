"""Who has an answer already is told so, and gets none again."""

import httpx
import pytest

from tests.client import Client

FILM = 301


@pytest.fixture(params=["/movies/favorites", f"/movies/favorites/{FILM}", f"/movies/{FILM}", "/movies/hidden"])
async def answer(request: pytest.FixtureRequest, anna: Client) -> httpx.Response:
    """Of each call that knows tags."""
    await anna.get(f"/movies/{FILM}")
    await anna.add(FILM)
    await anna.send("PUT", "/movies/hidden/326")
    return await anna.get(str(request.param))


async def again(anna: Client, answer: httpx.Response, known: str) -> httpx.Response:
    return await anna.get(answer.request.url.path, headers={"If-None-Match": known})


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_who_has_it_gets_no_body(anna: Client, answer: httpx.Response, form: str) -> None:
    told = await again(anna, answer, form.format(answer.headers["etag"]))
    assert (told.status_code, told.content, told.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert told.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("form", ['"other"', "", "{}x", '"{}"'])
async def test_who_has_another_gets_all_of_it(anna: Client, answer: httpx.Response, form: str) -> None:
    told = await again(anna, answer, form.format(answer.headers["etag"]))
    assert (told.status_code, told.content) == (200, answer.content)


async def test_what_has_changed_has_another_tag(anna: Client) -> None:
    await anna.add(FILM)
    before = await anna.get("/movies/favorites")
    await anna.add(326)
    after = await again(anna, before, before.headers["etag"])
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]


async def test_an_ended_session_learns_nothing(anna: Client) -> None:
    await anna.add(FILM)
    before = await anna.get("/movies/favorites")
    await anna.send("POST", "/logout")
    assert (await again(anna, before, before.headers["etag"])).status_code == 401
