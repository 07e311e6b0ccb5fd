"""The profile."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api import shapes
from tests.client import Client


async def test_a_new_profile_counts_nothing(anna: Client) -> None:
    profile = shapes.Profile.model_validate_json((await anna.get("/profile")).content)
    assert profile.favorites.model_dump() == {"total": 0, "pending": 0, "ready": 0, "not_found": 0, "failed": 0}


async def test_favourites_are_counted_by_status(anna: Client, database: AsyncEngine) -> None:
    for film in range(1, 11):
        await anna.add(film)
    async with database.connect() as connection:
        await connection.execute(
            text("""UPDATE film_sync SET status = CASE WHEN kinopoisk_id <= 4 THEN 'ready'
                WHEN kinopoisk_id <= 7 THEN 'not_found' WHEN kinopoisk_id <= 9 THEN 'failed' ELSE 'pending' END""")
        )
    counts = (await anna.get("/profile")).json()["favorites"]
    assert counts == {"total": 10, "pending": 1, "ready": 4, "not_found": 3, "failed": 2}


async def test_the_name_is_shown_as_typed(anna: Client) -> None:
    assert (await anna.get("/profile")).json()["username"] == "anna"


async def test_nobody_may_keep_a_profile(anna: Client) -> None:
    assert (await anna.get("/profile")).headers["cache-control"] == "no-store"
