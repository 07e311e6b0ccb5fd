"""Search by name: which films match, and the best first."""

from collections.abc import Iterable
from functools import lru_cache

from dev.sandbox.films import Film


def search(films: Iterable[Film], keyword: str) -> list[Film]:
    wanted = _plain(keyword)
    if not wanted:
        return []
    found = [film for film in films if wanted in _titles(film)]
    return sorted(found, key=lambda film: (_rank(film, wanted), -film.votes, film.id))


def _rank(film: Film, wanted: str) -> int:
    """0: a name is exactly this, 1: begins so, 2: holds it."""
    titles = _titles(film).split("\n")
    if wanted in titles:
        return 0
    return 1 if any(title.startswith(wanted) for title in titles) else 2


@lru_cache(maxsize=4_096)
def _titles(film: Film) -> str:
    """All names, a line each."""
    return "\n".join(_plain(name) for name in (film.name_ru, film.name_original) if name)


def _plain(text: str) -> str:
    """Folded, ё as е, any run of white space (also no-break) as one space."""
    return " ".join(text.casefold().replace("ё", "е").split())
