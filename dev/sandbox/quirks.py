"""Oddities of the real answers, spread over the films by id: a film shows the same ones each time, most films none.

A film that was changed through the control shows none: what a test puts is what it gets.
"""

from dev.sandbox.films import Film


def name_ru(film: Film) -> str | None:
    """Some names hold a no-break space."""
    if film.name_ru and _is_odd(film, 53, 1):
        return film.name_ru.replace(" ", "\u00a0", 1)
    return film.name_ru


def number(film: Film, value: float | None) -> float | None:
    """A round rating comes now as 8.0, now as 8."""
    return int(value) if value is not None and value == int(value) and _is_odd(film, 2, 1) else value


def search_name_en(film: Film) -> str | None:
    """As a rule absent, for some films empty; the original name where there is no Russian one."""
    if film.name_ru is None:
        return film.name_original
    return "" if _is_odd(film, 37, 0) else None


def search_year(film: Film) -> str:
    return "null" if film.year is None or _is_odd(film, 67, 3) else str(film.year)


def search_rating(film: Film) -> str | None:
    """The rating; for a film not yet released the share of people who wait for it; or "null", or nothing at all."""
    if film.rating is None:
        awaited = film.override.get("ratingAwait")
        return "null" if awaited is None else f"{awaited}%"
    for remainder, odd in ((7, "null"), (13, "99%"), (29, None), (41, "97.93%")):
        if _is_odd(film, 101, remainder):
            return odd
    return f"{film.rating:.1f}"


def search_length(film: Film) -> str | None:
    """HH:MM; where it is not known, empty or absent."""
    if film.length_minutes is None:
        return "" if film.id % 2 else None
    hours, minutes = divmod(film.length_minutes, 60)
    return f"{hours:02}:{minutes:02}"


def _is_odd(film: Film, divisor: int, remainder: int) -> bool:
    return film.id % divisor == remainder and not film.override
