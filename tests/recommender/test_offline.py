"""Recommendations from files to files: good ones, whatever the ids look like, and those that the service gives."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import pytest

from api.tokens import Identity, Tokens
from bench.offline import serve
from bench.offline.csv_files import read_liked
from bench.protocol.command_line import LISTED, Model, fitted
from bench.protocol.events import Data, Event, Histories, Title, synthetic
from bench.protocol.metrics import ndcg
from bench.protocol.references import Lists, Shelf, ease, popular
from bench.protocol.splits import Split, per_user
from dev.testing import Servers
from shared.settings import Settings
from tests.client import Client, Service

# So many of the users ask over HTTP, too.
PEOPLE = 200
RIDGE = 250
# Ids that differ only for who reads them as text.
ALIKE = ["7", "007", "7.0", " 7", "1e3", "1000"]
UNKNOWN = "a film that nobody had"
TWICE, STRANGER = "says it twice", "likes the unknown"


class Outcome(NamedTuple):
    """What was asked for, and what was recommended."""

    data: Data
    split: Split
    model: Model
    lists: Lists


def awkward(name: str) -> str:
    """An id with all that a CSV file must quote."""
    return ALIKE[int(name)] if int(name) < len(ALIKE) else f'{name}: "Ёлки, 2"\n№ 🎬'


def renamed(data: Data) -> Data:
    histories = {
        awkward(user): [Event(awkward(user), awkward(film), at) for _, film, at in history]
        for user, history in data.histories.items()
    }
    return Data(histories, [Title(awkward(film), title, year, genres) for film, title, year, genres in data.titles])


@pytest.fixture(scope="module")
def outcome() -> Iterator[Outcome]:
    """A small synthetic world with awkward ids, and two people more."""
    data = renamed(synthetic(users=800, films=400))
    split = per_user(data)
    judged = split.judgeable(split.known)
    twice = [Event(TWICE, awkward("3"), at) for at in (1, 2)]
    people: Histories = {**judged.told, TWICE: twice, STRANGER: [Event(STRANGER, UNKNOWN, 1)]}
    with fitted(split.train, data.titles) as model:
        yield Outcome(data, judged, model, model.lists(people))


def test_lists_are_far_better_than_popularity_and_not_far_below_ease(outcome: Outcome) -> None:
    """Counting what is favoured together, without weighing it, reaches 1.09 times popularity here."""
    shelf, asked = Shelf(outcome.split.train, outcome.split.known), outcome.split.asked
    ours = ndcg(outcome.lists, asked).mean()
    assert ours > 1.5 * ndcg(popular(shelf, outcome.split.told, LISTED), asked).mean()
    assert ours > 0.88 * ndcg(ease(shelf, outcome.split.told, LISTED, RIDGE), asked).mean()


def test_ids_come_back_as_they_went_in(outcome: Outcome) -> None:
    assert set(outcome.lists) == {*outcome.split.told, TWICE, STRANGER}
    assert {film for films in outcome.lists.values() for film in films} <= outcome.data.films


def test_lists_are_full_and_hold_no_film_twice_and_none_that_is_a_favourite(outcome: Outcome) -> None:
    for user, history in outcome.split.told.items():
        films = outcome.lists[user]
        assert len(set(films)) == LISTED
        assert not {event.film for event in history} & set(films)


def test_who_likes_unknown_films_gets_what_is_popular(outcome: Outcome) -> None:
    shelf = Shelf(outcome.split.train, outcome.split.known)
    assert set(outcome.lists[STRANGER]) == set(popular(shelf, {STRANGER: []}, LISTED)[STRANGER])


def test_a_favourite_told_twice_counts_once(outcome: Outcome) -> None:
    assert len(outcome.lists[TWICE]) == LISTED
    assert awkward("3") not in outcome.lists[TWICE]


@pytest.fixture
async def films(outcome: Outcome, database: Any, migrated: Servers) -> list[str]:
    """The test database holds the model and everybody's favourites: its film i + 1 is the one at place i."""
    liked = read_liked(outcome.model.told)
    known = serve.all_films(outcome.model.folder, liked)
    await serve.fill(migrated.postgres.url, outcome.model.folder, liked, known)
    return known


async def test_the_lists_are_those_of_the_service(
    outcome: Outcome, films: list[str], migrated: Servers, settings: Settings, service: Service
) -> None:
    users = await logged_in(migrated.postgres.url, settings, service)
    for (_, expected), user in zip(islice(outcome.lists.items(), PEOPLE), users, strict=True):
        items = (await user.get("/recommendations", params={"limit": LISTED})).json()["items"]
        assert [films[item["film"]["kinopoisk_id"] - 1] for item in items] == expected


async def logged_in(url: str, settings: Settings, service: Service) -> list[Client]:
    """The first users of the file, in its order."""
    auth = settings.auth
    keys = [(key.id, key.secret.get_secret_value()) for key in auth.jwt_keys]
    tokens = Tokens(keys, auth.issuer, auth.audience, 3_600)
    identities = [Identity(UUID(int=number), uuid4()) for number in range(PEOPLE)]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    connection = await asyncpg.connect(url)
    try:
        rows = [(each.session_id, each.user_id, tomorrow) for each in identities]
        await connection.copy_records_to_table("session", records=rows, columns=["id", "user_id", "expires_at"])
    finally:
        await connection.close()
    return [Client(service.http, tokens.issue(each)) for each in identities]
