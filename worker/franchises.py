"""Franchises: films that sequels and prequels tie together, however long the chain. No SQL here."""

from collections.abc import Iterable, Sequence


def franchises(relations: Iterable[tuple[int, Sequence[int]]]) -> dict[int, int]:
    """Each film that is related to another, by the smallest id among all films that it is tied to."""
    leaders: dict[int, int] = {}
    for film, related in relations:
        for other in related:
            _unite(leaders, film, other)
    return {film: _leader(leaders, film) for film in leaders}


def _unite(leaders: dict[int, int], one: int, other: int) -> None:
    """The smaller leader leads both, so that in the end the smallest id leads."""
    first, second = sorted((_leader(leaders, one), _leader(leaders, other)))
    leaders[second] = first


def _leader(leaders: dict[int, int], film: int) -> int:
    """Halves the way for who comes after."""
    leaders.setdefault(film, film)
    while leaders[film] != film:
        leaders[film] = leaders[leaders[film]]
        film = leaders[film]
    return film
