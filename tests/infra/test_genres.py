"""Genres: ids and names of upstream, slugs made from our English names."""

import re

import pytest

from shared.genres import GENRES, Genre, genre_named

# contract of Kinopoisk, section 7; 25 has no name and is hidden.
CONTRACT = """
1 триллер=thriller, 2 драма=drama, 3 криминал=crime, 4 мелодрама=romance, 5 детектив=mystery, 6 фантастика=sci-fi,
7 приключения=adventure, 8 биография=biography, 9 фильм-нуар=film-noir, 10 вестерн=western, 11 боевик=action,
12 фэнтези=fantasy, 13 комедия=comedy, 14 военный=war, 15 история=history, 16 музыка=music, 17 ужасы=horror,
18 мультфильм=animation, 19 семейный=family, 20 мюзикл=musical, 21 спорт=sport, 22 документальный=documentary,
23 короткометражка=short, 24 аниме=anime, 26 новости=news, 27 концерт=concert, 28 для взрослых=adult,
29 церемония=ceremony, 30 реальное ТВ=reality TV, 31 игра=game show, 32 ток-шоу=talk show, 33 детский=kids
"""
KNOWN = re.findall(r"([0-9]+) ([^=]+)=([^,\n]+)", CONTRACT)


def test_the_genres_are_those_of_the_contract() -> None:
    assert [(str(genre.id), genre.name_ru, genre.name_en) for genre in GENRES] == KNOWN


@pytest.mark.parametrize(("_id", "russian", "english"), KNOWN, ids=[row[0] for row in KNOWN])
def test_a_genre_is_found_by_its_russian_name(_id: str, russian: str, english: str) -> None:
    assert genre_named(russian) == Genre(int(_id), english.lower().replace(" ", "-"), russian, english)


def test_slugs_are_unique_and_need_no_escaping() -> None:
    slugs = [genre.slug for genre in GENRES]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in slugs)


@pytest.mark.parametrize("name", ["ДРАМА", "Драма", "драма"])
def test_the_case_of_a_name_does_not_matter(name: str) -> None:
    assert genre_named(name).id == 2


@pytest.mark.parametrize(("name", "slug"), [("киберпанк", "киберпанк"), ("Новый  Жанр", "новый-жанр"), ("Х/Ф", "х/ф")])
def test_an_unknown_genre_is_kept_as_it_came(name: str, slug: str) -> None:
    assert genre_named(name) == Genre(None, slug, name, None)
