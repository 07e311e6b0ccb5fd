"""What an owner asks for first."""

import time

import pytest

from shared.settings import Settings
from tests.client import Client
from tests.recorded import Recorded
from worker import main
from worker.jobs.business import report_business


@pytest.fixture
async def _reported(settings: Settings, anna: Client, told: Recorded) -> None:
    """One user with two favourites and a hidden film."""
    for film in (301, 41519):
        await anna.add(film)
    await anna.hide(41520)
    told.gauges.clear()
    async with main.opened(settings) as context:
        await report_business(context)


async def test_until_the_next_count_the_last_one_is_told_again(
    settings: Settings, anna: Client, told: Recorded
) -> None:
    async with main.opened(settings) as context:
        await report_business(context)
        context["business"]._count_at = time.monotonic() + 60
        told.gauges.clear()
        await anna.add(301)
        await report_business(context)
    assert told.gauges["business.favourites"] == 0


@pytest.mark.usefixtures("_reported")
async def test_users_favourites_and_films_are_counted(told: Recorded) -> None:
    figures = {name: value for name, value in told.gauges.items() if not name.startswith("business.top")}
    assert figures == {
        "business.users": 1,
        "business.favourites": 2,
        "business.hidden_films": 1,
        "business.films.full": 0,
        "business.films.summary": 0,
    }


@pytest.mark.usefixtures("_reported")
async def test_the_films_that_most_people_have_are_named(told: Recorded) -> None:
    top = {name: value for name, value in told.gauges.items() if name.startswith("business.top")}
    assert top == {
        "business.top.1.film": 301,
        "business.top.1.favourites": 1,
        "business.top.2.film": 41519,
        "business.top.2.favourites": 1,
    }
