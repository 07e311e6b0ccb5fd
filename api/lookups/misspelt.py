"""Films whose names were perhaps meant, for local search that found little. Two ways, by what was typed.

One short word: every word that one mistake makes of it is looked up. Anything longer: names that share trigrams with
it, because the words one mistake away are too many by then, while trigrams say little about a short word.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MOST = 20
SHORTEST = 4
LONGEST_VARIED = 8
LONGEST = 60
# In so many letters two may be wrong.
TWICE_MISSPELT = 14
LARGEST_LIKENESS = 0.6
ALPHABETS = ("абвгдежзийклмнопрстуфхцчшщъыьэюя", "abcdefghijklmnopqrstuvwxyz")

# A query in a subselect is one that the planner does not see: hundreds of words would make it read the whole table.
_VARIED = "lexemes @@ (SELECT CAST(CAST(:variants AS text) AS tsquery))"
# The threshold is set for this statement alone, and before the scan: no row stands in this condition, so PostgreSQL
# checks it once, first.
_ALIKE = "(SELECT set_config('pg_trgm.word_similarity_threshold', :smallest, true)) IS NOT NULL AND names %> :meant"
_GUESSES = """
    SELECT kinopoisk_id FROM film WHERE {condition}
    ORDER BY (SELECT max(similarity(name, :typed)) FROM string_to_table(names, chr(10)) AS name) DESC,
        votes DESC NULLS LAST, kinopoisk_id
    LIMIT :most
"""
VARIED, ALIKE = text(_GUESSES.format(condition=_VARIED)), text(_GUESSES.format(condition=_ALIKE))


async def perhaps_meant(connection: AsyncConnection, typed: str) -> list[int]:
    """At most one page of films, the likeliest first."""
    if len(typed) < SHORTEST:
        return []
    typed = typed[:LONGEST]
    words = [word for word in typed.split() if len(word) >= SHORTEST]
    meant = words[0] if len(words) == 1 else typed
    values: dict[str, str | int] = {"typed": typed, "most": MOST}
    if len(meant) <= LONGEST_VARIED:
        return list(await connection.scalars(VARIED, values | {"variants": variants_query(meant)}))
    return list(await connection.scalars(ALIKE, values | {"meant": meant, "smallest": smallest_likeness(len(meant))}))


def smallest_likeness(letters: int) -> str:
    """What word_similarity is left after a mistake in so many letters; the costliest one replaces four trigrams."""
    replaced = 4 if letters < TWICE_MISSPELT else 6
    trigrams = letters + 1
    return f"{min((trigrams - replaced) / (trigrams + replaced) - 0.01, LARGEST_LIKENESS):.2f}"


def variants_query(word: str) -> str:
    """A tsquery of names and words that this may have been, had one letter not been left out, doubled, swapped…"""
    name = word.replace(" ", "")
    mark = "=" if name != word else ""
    return " | ".join(f"'{mark}{variant}'" for variant in sorted(variants(name)))


def variants(word: str) -> set[str]:
    """The words that become this one by one letter too many, too few, another one, or two swapped."""
    letters = next((alphabet for alphabet in ALPHABETS if set(alphabet) & set(word)), "0123456789")
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    fewer = {head + tail[1:] for head, tail in halves if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1}
    other = {head + letter + tail[1:] for head, tail in halves if tail for letter in letters}
    more = {head + letter + tail for head, tail in halves for letter in letters}
    return (fewer | swapped | other | more) - {word, ""}
