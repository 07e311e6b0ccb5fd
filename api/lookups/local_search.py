"""Search among the stored films, for when Kinopoisk cannot be asked. Knows no HTTP; the caller knows ids and addresses.

First the names that are what was typed, then those that begin so, then those with these words in any order and form,
the last one half-typed. Only where that finds little: names that look like it. Every page is a slice of the same list,
which is no longer than all pages together.
"""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.lookups.misspelt import perhaps_meant
from shared.keyboard import TO_RUSSIAN
from shared.search_names import normalise

PAGE_SIZE = 20
PAGES = 20
MOST = PAGE_SIZE * PAGES
# So many films are an answer: none is looked for whose name was perhaps misspelt.
ENOUGH = 5
# A shorter last word is a whole one: every other film has a word that begins with these letters.
SHORTEST_BEGINNING = 3
MOST_WORDS = 12
POPULAR = "'#'"
EVERYTHING = ""

EXACT, BEGINS, HAS_WORDS = range(3)

# The best of one kind, in an order that leaves nothing to chance. The planner does not see a query in a subselect, and
# so never reads the whole table because it takes a word for a common one.
_KIND = """(
    SELECT {kind} AS kind, kinopoisk_id, votes FROM film WHERE lexemes @@ (SELECT {query})
    ORDER BY votes DESC NULLS LAST, kinopoisk_id LIMIT :most
)"""
_NAME = "CAST(CAST(:name AS text) AS tsquery)"
_AMONG = "CAST(CAST(:among AS text) AS tsquery)"
_BEGINNING = f"CAST(CAST(:beginning AS text) AS tsquery) && {_AMONG}"
_WORDS = f"(CAST(CAST(:words AS text) AS tsquery) || to_tsquery('russian', :words)) && {_AMONG}"

BY_WORDS = text(f"""
    SELECT kinopoisk_id, min(kind) AS kind FROM (
        {_KIND.format(kind=EXACT, query=_NAME)}
        UNION ALL {_KIND.format(kind=BEGINS, query=_BEGINNING)}
        UNION ALL {_KIND.format(kind=HAS_WORDS, query=_WORDS)}
    ) AS found
    GROUP BY kinopoisk_id, votes ORDER BY min(kind), votes DESC NULLS LAST, kinopoisk_id LIMIT :most
""")


class LocalPage(NamedTuple):
    """Ids of films of one page, the best first; `pages` and `total` count what can be paged through."""

    films: list[int]
    pages: int
    total: int


async def find_locally(engine: AsyncEngine, query: str, page: int) -> LocalPage:
    """What is found does not depend on the page; a page after the last is empty."""
    found: list[int] = []
    if typed := normalise(query):
        async with engine.connect() as connection:
            found = await find(connection, typed) or await by_other_layout(connection, query)
    first = (page - 1) * PAGE_SIZE
    return LocalPage(found[first : first + PAGE_SIZE], -(-len(found) // PAGE_SIZE), len(found))


async def find(connection: AsyncConnection, typed: str) -> list[int]:
    """All films for these normalised words, the best first."""
    found = await by_words(connection, typed)
    kinds = set(found.values())
    # One word may begin like some other name by accident, several do not.
    if len(found) >= ENOUGH or EXACT in kinds or (BEGINS in kinds and " " in typed):
        return list(found)
    return list(dict.fromkeys([*found, *await perhaps_meant(connection, typed)]))


async def by_other_layout(connection: AsyncConnection, query: str) -> list[int]:
    """ "ghbdtn" is "привет", typed with the Latin layout."""
    typed = normalise(query.lower().translate(TO_RUSSIAN))
    return list(await by_words(connection, typed)) if typed != normalise(query) else []


async def by_words(connection: AsyncConnection, typed: str) -> dict[int, int]:
    """Films and how they were found. Where popular films alone are plenty, only exact names come from others."""
    name = "=" + typed.replace(" ", "")
    queries = {"name": f"'{name}'", "beginning": f"'{name}':*", "words": words_query(typed), "most": MOST}
    plenty = MOST if len(typed) >= SHORTEST_BEGINNING else PAGE_SIZE
    for among in (POPULAR, EVERYTHING):
        rows = (await connection.execute(BY_WORDS, queries | {"among": among})).all()
        if len(rows) >= plenty:
            break
    return {row.kinopoisk_id: row.kind for row in rows}


def words_query(typed: str) -> str:
    """A tsquery. Words are letters and digits only, so nothing in them can be an operator."""
    words = typed.split()[:MOST_WORDS]
    query = " & ".join(f"'{word}'" for word in dict.fromkeys(words))
    return f"{query}:*" if len(words[-1]) >= SHORTEST_BEGINNING else query
