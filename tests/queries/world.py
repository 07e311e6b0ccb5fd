"""A small world of films, people and a made-up model, and the ranking in plain Python, to hold SQL against."""

import struct
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.enrichment.documents import film_document
from shared.kinopoisk.models import Film
from shared.tables.read import film, film_chart, film_neighbour, film_trend, recommender_model
from shared.tables.truth import hidden_film, user_account
from shared.tables.work import film_sync

GENRES = (1, 2, 3, 6, 11, 13)

# By id: genres, franchise, prior, trend.
Films = dict[int, tuple[list[int], int | None, float, float]]


@dataclass
class Person:
    """Favourites, the newest first, and hidden films."""

    favourites: list[int]
    hidden: list[int] = field(default_factory=list)
    id: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True)
class Shown:
    """What is to be recommended, and because of which favourite."""

    id: int
    score: float
    because: int | None


@dataclass
class World:
    """Films; neighbours by favourite: (film, weight, kind)."""

    films: Films
    neighbours: dict[int, list[tuple[int, float, int]]]
    people: list[Person]
    half_row_max: float = 0.25

    def chart(self, genre: int) -> list[int]:
        fitting = [id_ for id_, facts in self.films.items() if genre == 0 or genre in facts[0]]
        return sorted(fitting, key=lambda id_: (-(0.7 * self.films[id_][2] + 0.3 * self.films[id_][3]), id_))

    def expected(self, person: Person, genre: int, limit: int) -> list[Shown]:
        """The rule as it is written down, film by film."""
        shares: dict[int, dict[int, float]] = defaultdict(dict)
        for place, liked in enumerate(person.favourites[:100]):
            for id_, weight, _ in self.neighbours.get(liked, []):
                shares[id_][liked] = weight * 0.5 ** (place / 25)
        totals = {id_: sum(by.values()) for id_, by in shares.items()}
        most = max([*totals.values(), self.half_row_max])
        prior_weight = 0.1 + 0.6 / (1 + min(len(person.favourites), 100) / 2)
        seen = {*person.favourites, *person.hidden}
        scored = []
        for id_ in {*totals, *self.chart(genre)} - seen:
            genres, franchise, prior, trend = self.films[id_]
            if genre and genre not in genres:
                continue
            taste = totals.get(id_, 0.0) / most
            score = (taste + prior_weight * prior + 0.3 * trend) / 2
            by = shares.get(id_, {})
            loudest = min(by, key=lambda liked: (-by[liked], liked)) if taste >= 0.2 * score and by else None
            scored.append((score, id_, franchise, loudest))
        chosen: list[Shown] = []
        franchises = set()
        for score, id_, franchise, loudest in sorted(scored, key=lambda one: (-one[0], one[1])):
            if franchise is None or franchise not in franchises:
                franchises.add(franchise)
                chosen.append(Shown(id_, score, loudest))
        return varied(chosen, limit)[:limit]


def varied(chosen: list[Shown], limit: int) -> list[Shown]:
    """In a short list what is the fourth with the same reason stands behind all others."""
    times: dict[int, int] = defaultdict(int)
    front: list[Shown] = []
    back: list[Shown] = []
    for one in chosen:
        if one.because is not None:
            times[one.because] += 1
        late = one.because is not None and times[one.because] > 3 and limit <= 5
        (back if late else front).append(one)
    return front + back


def random_world(seed: int, people: int, films: int = 400) -> World:
    """Everything at random, with franchises, people without favourites, and people with more than are heard."""
    random = Random(seed)
    ids = random.sample(range(1, 10_000), films)
    known = {
        id_: (
            random.sample(GENRES, random.randint(1, 3)),
            _franchise(random),
            _real(random.random()),
            _real(random.random()),
        )
        for id_ in ids
    }
    neighbours = {
        id_: [(other, _real(random.random()), random.randint(0, 2)) for other in random.sample(ids, 30) if other != id_]
        for id_ in random.sample(ids, films * 3 // 4)
    }
    crowd = []
    for _ in range(people):
        count = random.choice([0, 1, 2, 5, 20, 150])
        mine = random.sample(ids, count + random.randint(0, 10))
        crowd.append(Person(mine[:count], mine[count:]))
    return World(known, neighbours, crowd)


def _franchise(random: Random) -> int | None:
    return random.randint(1, 30) if random.random() < 0.3 else None


def _real(number: float) -> float:
    """As PostgreSQL keeps it in four bytes."""
    return float(struct.unpack("f", struct.pack("f", number))[0])


async def store(database: AsyncEngine, world: World) -> None:
    """Into the tables, as enrichment, commands and the rebuild would have done."""
    ids = {*world.films}
    told = {id_: Film.model_validate({"kinopoiskId": id_, "nameRu": f"Фильм {id_}"}) for id_ in ids}
    document = {id_: film_document(one, "full") for id_, one in told.items()}
    rows = [
        {"kinopoisk_id": id_, "genres": facts[0], "franchise": facts[1], "prior": facts[2], "trend": facts[3]}
        for id_, facts in world.films.items()
    ]
    charts = [
        {"genre": genre, "place": place, "kinopoisk_id": id_}
        for genre in (0, *GENRES)
        for place, id_ in enumerate(world.chart(genre), 1)
    ]
    edges = [
        {
            "kinopoisk_id": id_,
            "neighbours": [other for other, _, _ in near],
            "weights": [weight for _, weight, _ in near],
            "kinds": [kind for _, _, kind in near],
        }
        for id_, near in world.neighbours.items()
    ]
    accounts = [
        {"id": one.id, "username": str(one.id), "username_folded": str(one.id), "password_hash": "-"}
        for one in world.people
    ]
    hidden = [{"user_id": one.id, "kinopoisk_id": id_} for one in world.people for id_ in one.hidden]
    async with database.connect() as connection:
        await connection.execute(
            insert(film),
            [{"kinopoisk_id": id_, "document": document[id_], "genres": world.films[id_][0]} for id_ in ids],
        )
        await connection.execute(insert(film_sync), [{"kinopoisk_id": id_} for id_ in ids])
        await connection.execute(insert(film_trend), rows)
        await connection.execute(insert(film_chart), charts)
        if edges:
            await connection.execute(insert(film_neighbour), edges)
        await connection.execute(insert(recommender_model), [{"version": 1, "half_row_max": world.half_row_max}])
        if accounts:
            await connection.execute(insert(user_account), accounts)
        if hidden:
            await connection.execute(insert(hidden_film), hidden)
        await connection.execute(
            text("""INSERT INTO favourite (user_id, kinopoisk_id, added_at)
                SELECT user_id, film, now() - make_interval(secs => age) FROM unnest(
                    CAST(:users AS uuid[]), CAST(:films AS integer[]), CAST(:ages AS integer[])
                ) AS added (user_id, film, age)"""),
            {
                "users": [one.id for one in world.people for _ in one.favourites],
                "films": [id_ for one in world.people for id_ in one.favourites],
                "ages": [age for one in world.people for age in range(len(one.favourites))],
            },
        )
