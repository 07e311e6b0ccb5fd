"""What people type when they look for a film: each case made by a rule from a name of a real film, by seed.

A case is left out as ambiguous where the name belongs to two stored films, or where the typed text is exactly the
name of another film. Names have at least 5 letters; a misspelt word has at least 4. Every name is half-typed once,
misspelt once in one of the four ways, and typed once without one of its spaces.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import NamedTuple

from dev.sandbox.films import Film, load_films
from shared.search_names import normalise

SHORTEST_NAME = 5
SHORTEST_WORD = 4
SHORTEST_BEGINNING = 4
RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
LATIN = "abcdefghijklmnopqrstuvwxyz"


class Case(NamedTuple):
    typed: str
    film_id: int
    kind: str


class Cases(NamedTuple):
    kept: list[Case]
    ambiguous: int


def half_typed(name: str, random: Random) -> str:
    """The first 60 to 80 % of a name, at least four letters."""
    return name[: max(SHORTEST_BEGINNING, round(len(name) * random.uniform(0.6, 0.8)))].strip()


def substitution(word: str, random: Random) -> str:
    place = random.randrange(len(word))
    return word[:place] + _letter(word, random, other_than=word[place]) + word[place + 1 :]


def deletion(word: str, random: Random) -> str:
    place = random.randrange(len(word))
    return word[:place] + word[place + 1 :]


def insertion(word: str, random: Random) -> str:
    place = random.randint(0, len(word))
    return word[:place] + _letter(word, random) + word[place:]


def transposition(word: str, random: Random) -> str:
    """Two different neighbours change places; a word without such is left as it is, and makes no case."""
    places = [place for place in range(len(word) - 1) if word[place] != word[place + 1]]
    if not places:
        return word
    place = random.choice(places)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _letter(word: str, random: Random, other_than: str = "") -> str:
    alphabet = RUSSIAN if any(letter in RUSSIAN for letter in word) else LATIN
    return random.choice([letter for letter in alphabet if letter != other_than])


Typo = Callable[[str, Random], str]
TYPOS: Mapping[str, Typo] = {typo.__name__: typo for typo in (substitution, deletion, insertion, transposition)}


def misspelt(name: str, typo: Typo, random: Random) -> str:
    """The name with one of its longer words changed; unchanged if it has none."""
    words = name.split()
    long = [place for place, word in enumerate(words) if len(word) >= SHORTEST_WORD and word.isalpha()]
    if long:
        place = random.choice(long)
        words[place] = typo(words[place], random)
    return " ".join(words)


def space_dropped(name: str, random: Random) -> str:
    """The name with two words run together; unchanged if it has one word."""
    spaces = [place for place, letter in enumerate(name) if letter == " "]
    if not spaces:
        return name
    place = random.choice(spaces)
    return name[:place] + name[place + 1 :]


def search_cases(stored_names: Iterable[str], seed: int = 1) -> Cases:
    """Cases over these stored names (`search_names` of each film), the real films among them."""
    owners = Counter(name for names in stored_names for name in names.split("\n"))
    kept, ambiguous = [], 0
    for case, name in _all_cases(Random(seed)):
        if case.typed == name:  # one word has no space to drop
            continue
        if owners[name] != 1 or case.typed in owners:
            ambiguous += 1
        else:
            kept.append(case)
    return Cases(kept, ambiguous)


def _all_cases(random: Random) -> Iterator[tuple[Case, str]]:
    """Each with the name it was made from. A case that is not misspelt after all is among them."""
    for film in load_films().values():
        yield from _of_name(film, film.name_ru, "", random)
        yield from _of_name(film, film.name_original, "original ", random)


def _of_name(film: Film, raw: str | None, prefix: str, random: Random) -> Iterator[tuple[Case, str]]:
    name = normalise(raw or "")
    if sum(letter.isalpha() for letter in name) < SHORTEST_NAME:
        return
    yield Case(half_typed(name, random), film.id, f"{prefix}half-typed"), name
    kind, typo = random.choice(list(TYPOS.items()))
    yield Case(misspelt(name, typo, random), film.id, f"{prefix}{kind}"), name
    yield Case(space_dropped(name, random), film.id, f"{prefix}dropped space"), name
