"""Search among the stored films."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from api.lookups import local_search
from api.lookups.local_search import LocalPage, find_locally
from dev.testing import Servers
from shared.postgres import read_engine
from shared.search_names import search_names
from shared.tables.read import film


class Named(NamedTuple):
    """A stored film."""

    id: int
    ru: str | None = None
    en: str | None = None
    original: str | None = None
    votes: int | None = 100


LIBRARY = [
    Named(301, "Матрица", original="The Matrix"),
    Named(302, "Властелин колец: Братство Кольца", original="The Lord of the Rings"),
    Named(303, "Ёлки-палки"),
    Named(304, "1+1", original="Intouchables"),
    Named(305, "1917"),
    Named(306, "Амели", original="Le fabuleux destin d'Amélie Poulain"),
    Named(307, "Волк с Уолл-стрит", original="The Wolf of Wall Street"),
    Named(308, "Собака на сене"),
    Named(309, "Призрачная красота", en="Beautiful Ghosts"),
    Named(310, "Логан", original="Logan"),
    Named(311, "Скажи 100%"),
]
Fill = Callable[[Sequence[Named]], Awaitable[None]]
Find = Callable[..., Awaitable[LocalPage]]


@pytest.fixture
async def fill(database: AsyncEngine) -> Fill:
    """Store films."""

    async def store(films: Sequence[Named]) -> None:
        rows = [
            {"kinopoisk_id": one.id, "document": "{}", "names": names, "votes": one.votes}
            for one in films
            if (names := search_names(one.ru, one.en, one.original))
        ]
        async with database.connect() as connection:
            await connection.execute(insert(film), rows)

    return store


@pytest.fixture
async def find(migrated: Servers, database: AsyncEngine) -> AsyncIterator[Find]:
    """Search as the API does, on connections that cannot write and have loaded nothing yet."""
    url = migrated.postgres.url.replace("postgresql://", "postgresql+asyncpg://")
    engine = read_engine(url, "test-search", pool_size=1, pool_timeout=2, command_timeout=5)

    async def search(query: str, page: int = 1) -> LocalPage:
        return await find_locally(engine, query, page)

    yield search
    await engine.dispose()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("Матрица", 301, id="exact"),
        pytest.param("мАТРИЦА", 301, id="case"),
        pytest.param("the matrix", 301, id="original name"),
        pytest.param("елки палки", 303, id="е for ё"),
        pytest.param("ЁЛКИ ПАЛКИ", 303, id="ё"),
        pytest.param("amelie", 306, id="without an accent"),
        pytest.param("1+1", 304, id="digits and signs"),
        pytest.param("1917", 305, id="digits"),
        pytest.param("«Волк… с: Уолл — стрит»!", 307, id="other punctuation"),
        pytest.param("матри", 301, id="half-typed word"),
        pytest.param("властелин кол", 302, id="half-typed name"),
        pytest.param("the wolf of wa", 307, id="half-typed original name"),
        pytest.param("кольца братство", 302, id="another order"),
        pytest.param("сене собака", 308, id="another order, short words"),
        pytest.param("матрицей", 301, id="inflected"),
        pytest.param("призрачной красоты", 309, id="two inflected words"),
        pytest.param("streets of wolfs", 307, id="inflected in English"),
        pytest.param("beautiful ghost", 309, id="English name in the singular"),
        pytest.param("матраца", 301, id="substitution"),
        pytest.param("матица", 301, id="deletion"),
        pytest.param("матррица", 301, id="insertion"),
        pytest.param("мартица", 301, id="transposition"),
        pytest.param("лоагн", 310, id="transposition in a short word"),
        pytest.param("логон", 310, id="substitution in a short word"),
        pytest.param("the wolff of wall street", 307, id="insertion in a long name"),
        pytest.param("the matrxi", 301, id="typo beside a common word"),
        pytest.param("властилин колиц братство кольца", 302, id="two typos"),
        pytest.param("властелинколец", 302, id="missing space"),
        pytest.param("собакана сене", 308, id="one missing space"),
        pytest.param("волк с уол лстрит", 307, id="misplaced space"),
        pytest.param("vfnhbwf", 301, id="wrong layout"),
        pytest.param("`krb", 303, id="wrong layout, sign for a letter"),
    ],
)
async def test_a_film_is_found(fill: Fill, find: Find, query: str, expected: int) -> None:
    await fill(LIBRARY)
    assert (await find(query)).films[:1] == [expected]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?!",
        "...",
        "🎬❤️",
        "%" * 200,
        "_" * 200,
        "абракадабра",
        "'",
        "\\",
        "& | ! <-> ( ) :*",
        "' | 'the':*",
    ],
)
async def test_nothing_is_found(fill: Fill, find: Find, query: str) -> None:
    await fill([Named(1, "Матрица"), Named(2, "100%")])
    assert await find(query) == LocalPage([], 0, 0)


@pytest.mark.parametrize(
    "query",
    [
        "матрица' | 'лог",
        "матрица & !логан",
        "матрица:*",
        "=матрица",
        "#",
        "# матрица",
        "\\матрица\\'",
        '"матрица"); DROP TABLE film; --',
        "x" * 200,
        "ы" * 200,
        "а" * 60 + " " + "b" * 139,
        "a " * 100,
        "the " * 50,
        "и не на",
        "'" * 200,
        "\\" * 200,
        ":* & " * 40,
        "1e999 0x1 -1 1.5.6 a@b.c http://a/b?c=d",
        "😀" * 200,
        "ﷺ" * 200,
        "\u0301" * 200,
        "\u202e\ufeff\u200d",
        "日本語のとても長い題名",
        "𝔐𝔞𝔱𝔯𝔦𝔵",
        "İıſß",
    ],
)
async def test_whatever_is_typed_is_answered(fill: Fill, find: Find, query: str) -> None:
    await fill(LIBRARY)
    page = await find(query)
    assert page.total <= len(LIBRARY)


async def test_a_percent_sign_is_no_wildcard(fill: Fill, find: Find) -> None:
    await fill([Named(1, "Матрица")])
    assert (await find("м%ц")).total == 0


async def test_an_empty_library_answers(find: Find) -> None:
    assert await find("матрица") == LocalPage([], 0, 0)


async def test_exact_before_beginning_before_words_however_popular(fill: Fill, find: Find) -> None:
    await fill(
        [
            Named(1, "Старый дом", votes=1_000_000),
            Named(2, "Дом у дороги", votes=1_000),
            Named(3, "Дом", votes=1),
        ]
    )
    assert (await find("дом")).films == [3, 2, 1]


async def test_what_was_typed_stands_before_what_was_perhaps_meant(fill: Fill, find: Find) -> None:
    await fill([Named(1, "Логан", votes=1_000_000), Named(2, "Логин и пароль", votes=1)])
    assert (await find("логин")).films == [2, 1]


async def test_an_exact_name_alone_is_not_followed_by_similar_ones(fill: Fill, find: Find) -> None:
    await fill([Named(1, "Логан"), Named(2, "Логин")])
    assert (await find("логин")).films == [2]


async def test_more_votes_first_then_smaller_ids_and_no_votes_last(fill: Fill, find: Find) -> None:
    names = [(1, None), (2, 5), (3, 500), (4, 5), (5, None)]
    await fill([Named(number, "Солярис", votes=votes) for number, votes in names])
    assert (await find("солярис")).films == [3, 2, 4, 1, 5]


async def test_pages_follow_each_other(fill: Fill, find: Find) -> None:
    await fill([Named(number, f"Дом {number}", votes=number % 7) for number in range(1, 46)])
    pages = [(await find("дом", page)).films for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 5]
    assert sorted(number for page in pages for number in page) == list(range(1, 46))


async def test_every_page_knows_the_same_total(fill: Fill, find: Find) -> None:
    await fill([Named(number, f"Дом {number}") for number in range(1, 46)])
    counts = {(found.total, found.pages) for found in [await find("дом", page) for page in (1, 2, 3, 4)]}
    assert counts == {(45, 3)}


async def test_a_page_after_the_last_is_empty(fill: Fill, find: Find) -> None:
    await fill(LIBRARY)
    assert (await find("матрица", 2)).films == []


async def test_no_more_is_counted_than_can_be_paged_through(fill: Fill, find: Find) -> None:
    await fill([Named(number, f"Дом {number}") for number in range(1, 500)])
    last = await find("дом", local_search.PAGES)
    assert (last.total, last.pages, len(last.films)) == (400, 20, 20)


@pytest.mark.parametrize("votes", [1, 1_000_000])
async def test_a_letter_finds_what_begins_so(fill: Fill, find: Find, votes: int) -> None:
    await fill([Named(number, f"Дом {number}", votes=votes) for number in range(1, 31)])
    assert (await find("д")).total == 30


async def test_the_threshold_of_a_search_stays_with_it(migrated: Servers, fill: Fill) -> None:
    await fill(LIBRARY)
    url = migrated.postgres.url.replace("postgresql://", "postgresql+asyncpg://")
    engine = read_engine(url, "test-search", pool_size=1, pool_timeout=2, command_timeout=5)
    await find_locally(engine, "властилин колиц братство", 1)
    async with engine.connect() as connection:
        left = await connection.exec_driver_sql("SHOW pg_trgm.word_similarity_threshold")
        assert left.scalar() == "0.6"
    await engine.dispose()


async def test_a_film_without_names_is_not_found_and_breaks_nothing(
    fill: Fill, find: Find, database: AsyncEngine
) -> None:
    async with database.connect() as connection:
        await connection.execute(insert(film), [{"kinopoisk_id": 1, "document": "{}"}])
    await fill([Named(2, "Матрица")])
    assert (await find("матрица")).films == [2]


@pytest.mark.parametrize("name", ["", "x" * 200, "😀", "щ" * 5000, "ﷺ" * 200, "𐐀" * 500])
async def test_any_name_can_be_stored(fill: Fill, database: AsyncEngine, name: str) -> None:
    async with database.connect() as connection:
        row = {"kinopoisk_id": 1, "document": "{}", "names": search_names(name, name + "2", None), "votes": 5}
        assert (await connection.execute(insert(film), [row])).rowcount == 1
