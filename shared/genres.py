"""The genres of Kinopoisk: ids and Russian names are upstream's, English names are ours."""

import re
from typing import NamedTuple


class Genre(NamedTuple):
    """A genre as clients see it; one that upstream invents has no id and no English name."""

    id: int | None
    slug: str
    name_ru: str
    name_en: str | None


_KNOWN = (
    (1, "триллер", "thriller"),
    (2, "драма", "drama"),
    (3, "криминал", "crime"),
    (4, "мелодрама", "romance"),
    (5, "детектив", "mystery"),
    (6, "фантастика", "sci-fi"),
    (7, "приключения", "adventure"),
    (8, "биография", "biography"),
    (9, "фильм-нуар", "film-noir"),
    (10, "вестерн", "western"),
    (11, "боевик", "action"),
    (12, "фэнтези", "fantasy"),
    (13, "комедия", "comedy"),
    (14, "военный", "war"),
    (15, "история", "history"),
    (16, "музыка", "music"),
    (17, "ужасы", "horror"),
    (18, "мультфильм", "animation"),
    (19, "семейный", "family"),
    (20, "мюзикл", "musical"),
    (21, "спорт", "sport"),
    (22, "документальный", "documentary"),
    (23, "короткометражка", "short"),
    (24, "аниме", "anime"),
    (26, "новости", "news"),
    (27, "концерт", "concert"),
    (28, "для взрослых", "adult"),
    (29, "церемония", "ceremony"),
    (30, "реальное ТВ", "reality TV"),
    (31, "игра", "game show"),
    (32, "ток-шоу", "talk show"),
    (33, "детский", "kids"),
)


def _slug(name: str) -> str:
    return re.sub(r"\s+", "-", name.strip().lower())


GENRES = tuple(Genre(id_, _slug(english), russian, english) for id_, russian, english in _KNOWN)
_BY_NAME = {genre.name_ru.casefold(): genre for genre in GENRES}


def genre_named(name_ru: str) -> Genre:
    """The genre of this Russian name; a name unknown to us is kept as it came."""
    return _BY_NAME.get(name_ru.casefold()) or Genre(None, _slug(name_ru), name_ru, None)
