"""The whole machine: all rules, and what must hold after every step."""

from datetime import datetime
from typing import Any

from hypothesis.stateful import invariant
from sqlalchemy import text

from tests import invariants
from tests.model.account_rules import AccountRules
from tests.model.base import Login
from tests.model.film_rules import FilmRules
from tests.model.model import DAILY_LIMIT, MOST_FAVOURITES
from tests.model.trouble_rules import TroubleRules
from tests.model.world import TRUTH, World

STATUSES = text("SELECT kinopoisk_id, status FROM film_sync")
CALLS = text("SELECT count(*) FROM upstream_call")


class Kinoshelf(AccountRules, FilmRules, TroubleRules):
    """People, films, a worker and their troubles, in any order."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.fetched: dict[int, datetime] = {}

    @invariant()
    def holds(self) -> None:
        """One invariant of hypothesis, so that the story of a failure is short."""
        self.world.do(self.check_database())
        self.check_truth()
        self.check_lists()

    async def check_database(self) -> None:
        connection = self.world.connection
        bounds = {"most_favourites": MOST_FAVOURITES, "daily_limit": DAILY_LIMIT}
        broken = await invariants.broken(connection, **bounds)
        assert not broken, broken
        fetched = await invariants.fetched(connection)
        older = invariants.went_back(self.fetched, fetched)
        assert not older, older
        self.fetched = fetched
        rows = await connection.execute(STATUSES)
        self.model.observe({row.kinopoisk_id: row.status for row in rows})
        calls = (await self.world.sandbox.calls(log=False))["total"]
        assert await connection.scalar(CALLS) == calls + self.frozen_calls, calls

    def check_truth(self) -> None:
        """Nothing is lost, and nobody is in."""
        rows = self.world.do(self.world.run(TRUTH))
        stored = {row.username: (row.favourites, row.hidden, sorted(row.sessions)) for row in rows}
        users = self.model.users.values()
        expected = {
            user.name: (user.favourites, user.hidden, sorted(session.id for session in user.sessions)) for user in users
        }
        assert stored == expected, (stored, expected)

    def check_lists(self) -> None:
        """Of everybody who is logged in: the films, newest first, each with the status that it has."""
        newest: dict[str, Login] = {
            login.session.user.name: login for login in self.known_logins if login.session.alive
        }
        for name, login in newest.items():
            items = self.world.do(all_pages(login))
            user = self.model.users[name.casefold()]
            expected = [(film, self.model.films[film].possible) for film in user.favourites]
            listed = [(item["kinopoisk_id"], {item["status"]}) for item in items]
            assert listed == expected, (listed, expected)


async def all_pages(login: Login) -> list[dict[str, Any]]:
    """The list, by pages so small that most have several."""
    page = await login.client.page(limit=2)
    items = list(page["items"])
    while page["next_cursor"]:
        page = await login.client.page(limit=2, cursor=page["next_cursor"])
        items += page["items"]
    return items
