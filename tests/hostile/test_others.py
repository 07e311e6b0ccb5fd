"""What belongs to Clara, asked for by Anna: as absent as if it were not there."""

import pytest

from tests.hostile.fort import Fort, refused

pytestmark = pytest.mark.usefixtures("unharmed")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/movies/favorites/302", "favorite-not-found"),
        ("DELETE", "/movies/favorites/302", "favorite-not-found"),
        ("DELETE", "/movies/hidden/304", "hidden-film-not-found"),
    ],
)
async def test_a_film_of_somebody_else_is_none(fort: Fort, method: str, path: str, code: str) -> None:
    refused(await fort.send(method, path), 404, code)


async def test_a_session_of_somebody_else_is_none(fort: Fort) -> None:
    [session] = (await fort.clara.get("/profile/sessions")).json()["items"]
    refused(await fort.send("DELETE", f"/profile/sessions/{session['id']}"), 404, "session-not-found")


@pytest.mark.parametrize("place", ["user_id", "username", "user", "sub", "owner"])
@pytest.mark.parametrize(
    "path", ["/profile", "/profile/sessions", "/profile/export", "/movies/favorites", "/movies/hidden"]
)
async def test_nobody_is_somebody_else_by_a_parameter(fort: Fort, path: str, place: str) -> None:
    clara = (await fort.clara.get("/profile")).json()
    answer = await fort.send("GET", path, params={place: clara["username" if "name" in place else "id"]})
    assert answer.status_code == 200
    assert not [own for own in (clara["id"], "clara", "302", "303", "304") if f'{own}"' in answer.text]
    assert not {302, 303, 304} & {film["kinopoisk_id"] for film in films(answer.json())}


def films(body: dict[str, list[dict[str, int]]]) -> list[dict[str, int]]:
    lists = [body.get(name, []) for name in ("items", "favorites", "hidden_films")]
    return [item for each in lists if isinstance(each, list) for item in each if "kinopoisk_id" in item]


async def test_a_cursor_of_somebody_else_leads_through_the_own_list(fort: Fort) -> None:
    cursor = (await fort.clara.page(limit=1))["next_cursor"]
    answer = await fort.send("GET", "/movies/favorites", params={"cursor": cursor})
    assert [item["kinopoisk_id"] for item in answer.json()["items"]] == [301]
