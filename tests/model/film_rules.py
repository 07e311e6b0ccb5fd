"""What people do with films."""

import asyncio
from typing import Any, Literal

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule

from api import shapes
from tests.client import problem
from tests.model.base import Login, Machine, check, films, living, somebody
from tests.model.model import MOST_ATTEMPTS, Film, Outcome, added, removed

Verb = Literal["add", "remove"]
commands = st.tuples(st.sampled_from(("add", "remove")), films)
limits = st.sampled_from((1, 2, 3, 100))
PLAIN = {"add": added, "remove": removed}


class FilmRules(Machine):
    """Add and remove favourites, page through them, hide films, open them."""

    @somebody
    @rule(login=living, film=films)
    def add(self, login: Login, film: int) -> None:
        answer = self.ask(login, login.client.add(film), lambda: self.model.add(login.session.user, film))
        if answer is not None and answer.status_code == 202:
            item = shapes.FavouriteItem.model_validate_json(answer.content)
            assert item.kinopoisk_id == film
            assert item.status in self.model.films[film].possible

    @somebody
    @rule(login=living, several=st.lists(films, min_size=2, max_size=6, unique=True))
    def add_several(self, login: Login, several: list[int]) -> None:
        """So that lists grow long enough to have pages, and to be full."""
        for film in several:
            self.add(login, film)

    @somebody
    @rule(login=living, no_id=st.sampled_from((0, -1, 2**31, 10**30, "301", 30.5, True, None)))
    def add_what_is_no_film(self, login: Login, no_id: Any) -> None:
        self.ask(login, login.client.add(no_id), lambda: (422, "invalid-request"))

    @somebody
    @rule(login=living, film=films)
    def remove(self, login: Login, film: int) -> None:
        self.ask(login, login.client.remove(film), lambda: removed(login.session.user.favourites, film))

    @somebody
    @rule(login=living, film=films)
    def look_at_item(self, login: Login, film: int) -> None:
        there = film in login.session.user.favourites
        request = login.client.get(f"/movies/favorites/{film}")
        answer = self.ask(login, request, lambda: (200, None) if there else (404, "favorite-not-found"))
        if answer is not None and there:
            item = shapes.FavouriteItem.model_validate_json(answer.content)
            assert {item.status} == self.model.films[film].possible
            assert (item.film is not None and item.film.detail == "full") == (item.status == "ready")

    @somebody
    @rule(login=living)
    def look_at_profile(self, login: Login) -> None:
        if answer := self.ask(login, login.client.get("/profile"), lambda: (200, None)):
            profile, user = shapes.Profile.model_validate_json(answer.content), login.session.user
            statuses = [status for film in user.favourites for status in self.model.films[film].possible]
            counts = {status: statuses.count(status) for status in ("pending", "ready", "not_found", "failed")}
            assert profile.username == user.name
            assert profile.favorites.model_dump() == {"total": len(user.favourites), **counts}

    @somebody
    @rule(login=living, limit=limits, meanwhile=st.lists(commands, max_size=4))
    def page_while_it_changes(self, login: Login, limit: int, meanwhile: list[tuple[Verb, int]]) -> None:
        """A command after each page; what is there from the first page to the last is told exactly once."""
        left, seen, params = list(meanwhile), [], {"limit": limit}
        throughout = set(login.session.user.favourites)
        while True:
            page = self.world.do(login.client.page(**params))
            seen += [item["kinopoisk_id"] for item in page["items"]]
            assert len(page["items"]) <= limit
            if left:
                verb, film = left.pop()
                {"add": self.add, "remove": self.remove}[verb](login, film)
                throughout &= set(login.session.user.favourites)
            if page["next_cursor"] is None:
                break
            params = {"limit": limit, "cursor": page["next_cursor"]}
        assert len(seen) == len(set(seen)), seen
        assert throughout <= set(seen), (throughout, seen)
        if not meanwhile:
            assert seen == login.session.user.favourites

    @somebody
    @rule(login=living, first=commands, second=commands)
    def two_at_once(self, login: Login, first: tuple[Verb, int], second: tuple[Verb, int]) -> None:
        """Either order may have been; nothing else."""
        before = login.session.user.favourites
        answers = self.world.do(together(login, first, second))
        listed = self.world.do(login.client.ids(limit=100))
        came = [answer.status_code for answer in answers], listed
        orders = [outcome(before, first, second), outcome(before, second, first)]
        orders[1][0].reverse()
        assert came in orders, (came, orders)
        for (verb, film), answer in zip((first, second), answers, strict=True):
            if verb == "add" and answer.status_code == 202:
                self.model.want(film)
        before[:] = listed

    @somebody
    @rule(login=living, film=films)
    def hide(self, login: Login, film: int) -> None:
        self.ask(login, login.client.hide(film), lambda: self.model.hide(login.session.user, film))

    @somebody
    @rule(login=living, film=films)
    def unhide(self, login: Login, film: int) -> None:
        hidden = login.session.user.hidden
        there = film in hidden
        request = login.client.unhide(film)
        if self.ask(login, request, lambda: (204, None) if there else (404, "hidden-film-not-found")) and there:
            hidden.remove(film)

    @somebody
    @rule(login=living, film=films)
    def open_film(self, login: Login, film: int) -> None:
        """Stored details at once; else upstream is asked, and if it cannot be a 503 says when to come back."""
        known = self.model.films.get(film)
        if known and known.leased:  # would be waited for
            return
        answer = self.world.do(login.client.get(f"/movies/{film}"))
        allowed = self.openings(film, known)
        assert answer.status_code in allowed, (answer.status_code, answer.text, known)
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) >= 1
            self.opened_in_vain(film, known)
            return
        check(answer, (200, None) if answer.status_code == 200 else (404, "film-not-found"))
        if answer.status_code == 200 and known and "ready" in known.possible:  # perhaps as stored: then it is as due
            known.due = known.due if known.possible == {"ready"} else None
            known.possible = {"ready"}
            return
        self.model.films.setdefault(film, Film()).put("ready" if answer.status_code == 200 else "not_found")

    @somebody
    @rule(login=living, film=films)
    def refresh(self, login: Login, film: int) -> None:
        """Refused where it was fetched or asked for a short while ago, so never for a film that nobody has had."""
        known = self.model.films.get(film)
        answer = self.world.do(login.client.send("POST", f"/movies/{film}/refresh"))
        if known and answer.status_code == 429:
            problem(answer, 429, "refresh-too-soon")
            assert int(answer.headers["Retry-After"]) >= 1
            return
        check(answer, (202, None))
        wanted = self.model.films.setdefault(film, Film())
        wanted.due = wanted.due if wanted.leased else True

    def openings(self, film: int, known: Film | None) -> set[int]:
        """What opening the film may answer."""
        for status, answer in (("ready", 200), ("not_found", 404)):
            if known and known.possible == {status}:
                return {answer}
        if not self.model.fair or (known and known.due is False):
            return {503}
        answer = 200 if self.model.answer_of(film) == "ready" else 404
        sure = self.model.gate != "perhaps" and not self.is_scarce()
        if sure and (known is None or (known.due and known.attempts < MOST_ATTEMPTS)):
            return {answer}
        return {answer, 503}

    def opened_in_vain(self, film: int, known: Film | None) -> None:
        if known is None:
            self.model.perhaps_wanted.add(film)
        elif known.due is not False:
            known.try_in_vain()
        if not self.model.fair:
            self.model.gate = "perhaps"


async def together(login: Login, *commands: tuple[Verb, int]) -> list[httpx.Response]:
    verbs = {"add": login.client.add, "remove": login.client.remove}
    return list(await asyncio.gather(*(verbs[verb](film) for verb, film in commands)))


def outcome(favourites: list[int], *order: tuple[Verb, int]) -> tuple[list[int], list[int]]:
    """Statuses and the list after these commands, one after the other."""
    after = list(favourites)
    results: list[Outcome] = [PLAIN[verb](after, film) for verb, film in order]
    return [status for status, _ in results], after
