"""Genres by what people type: names, other usual names, misspelt ones, the other keyboard layout."""

import pytest

from shared.genre_names import ASKABLE, genre_meant, nearest
from shared.genres import Genre


def slug(genre: Genre | None) -> str | None:
    return genre.slug if genre else None


@pytest.mark.parametrize("genre", ASKABLE, ids=[genre.slug for genre in ASKABLE])
def test_a_genre_is_meant_by_its_slug_and_by_both_names(genre: Genre) -> None:
    assert {genre_meant(name) for name in (genre.slug, genre.name_ru, str(genre.name_en))} == {genre}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ДРАМА", "drama"),
        ("  Drama\t", "drama"),
        ("Sci_Fi", "sci-fi"),
        ("sci  fi", "sci-fi"),
        ("Science Fiction", "sci-fi"),
        ("ток шоу", "talk-show"),
        ("reality_tv", "reality-tv"),
        ("фе\u0308нтези", "fantasy"),
        ("фёнтези", "fantasy"),
        ("Melodrama", "romance"),
        ("cartoon", "animation"),
        ("мультик", "animation"),
    ],
)
def test_case_spaces_and_usual_other_names_do_not_matter(typed: str, meant: str) -> None:
    assert slug(genre_meant(typed)) == meant


@pytest.mark.parametrize("typed", ["", " ", "-", "кино", "dra ma", "драмма", "adult", "для взрослых", "%", "2", "\x00"])
def test_what_is_no_genre_means_none(typed: str) -> None:
    assert genre_meant(typed) is None


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("драмма", "drama"),
        ("камидия", "comedy"),
        ("фэнтази", "fantasy"),
        ("детектиф", "mystery"),
        ("thriler", "thriller"),
        ("Documentry", "documentary"),
        ("horor", "horror"),
        ("lhfvf", "drama"),
        ("вкфьф", "drama"),
        ("Rjvtlbz", "comedy"),
        ("rjvblbz", "comedy"),
    ],
)
def test_a_misspelt_name_is_near_the_genre(typed: str, near: str) -> None:
    assert slug(nearest(typed)) == near


@pytest.mark.parametrize(
    "typed", ["", "корова", "xyz", "кино", "adult", "для взрослых", "a" * 64, "'; DROP TABLE film"]
)
def test_what_resembles_no_genre_is_near_none(typed: str) -> None:
    assert nearest(typed) is None
