"""Answers as they were recorded, with every quirk of the contract."""

import json
from typing import Any

import pytest

from shared.kinopoisk import errors
from shared.kinopoisk.client import parse
from shared.kinopoisk.models import Film, FoundPage
from tests.upstream.bodies import FOUND, MATRIX, film_json, page_json, shown

ODD_ITEMS = [
    {},
    {"nameRu": "без номера"},
    {"filmId": None},
    {"filmId": 0},
    {"filmId": -5},
    {"filmId": 2**31},
    {"filmId": "abc"},
    {"filmId": True},
    {"filmId": 5, "nameRu": 301},
    {"filmId": 5, "genres": "драма"},
    {"filmId": 5, "genres": [None]},
    {"filmId": 5, "countries": {"country": "США"}},
    {"filmId": 5, "type": 7},
    None,
    "фильм",
    301,
    [],
    [{"filmId": 5}],
]


def film(**changes: Any) -> Film:
    return parse(Film, film_json(**changes))


def found(**changes: Any) -> Film:
    page = parse(FoundPage, page_json({**FOUND, **changes}))
    return page.films[0].film


def test_a_recorded_film_is_read_whole() -> None:
    assert film().model_dump() == {
        "kinopoisk_id": 301,
        "imdb_id": "tt0133093",
        "name_ru": "Матрица",
        "name_en": None,
        "name_original": "The Matrix",
        "type": "FILM",
        "year": 1999,
        "film_length": 136,
        "genres": ({"genre": "фантастика"}, {"genre": "боевик"}),
        "countries": ({"country": "США"}, {"country": "Австралия"}),
        "poster_url": MATRIX["posterUrl"],
        "poster_url_preview": MATRIX["posterUrlPreview"],
        "rating_kinopoisk": 8.5,
        "rating_kinopoisk_vote_count": 524108,
        "rating_imdb": 8.7,
        "rating_imdb_vote_count": 1729087,
        "rating_age_limits": 16,
        "slogan": "Добро пожаловать в реальный мир",
        "short_description": "Хакер Нео узнаёт правду",
        "description": "Жизнь Томаса Андерсона разделена на две части.\nДнём он программист.",
        "completed": None,
    }


def test_a_recorded_item_of_a_search_is_read_whole() -> None:
    assert found().model_dump(exclude_none=True) == {
        "kinopoisk_id": 42664,
        "name_ru": "Иван Васильевич меняет профессию",
        "type": "FILM",
        "year": 1973,
        "film_length": 88,
        "genres": ({"genre": "комедия"},),
        "countries": ({"country": "СССР"},),
        "poster_url": FOUND["posterUrl"],
        "poster_url_preview": FOUND["posterUrlPreview"],
        "rating_kinopoisk": 8.8,
        "rating_kinopoisk_vote_count": 1163941,
    }


def test_a_film_of_nothing_but_nulls_is_a_film() -> None:
    nulls = dict.fromkeys(MATRIX.keys() - {"kinopoiskId"})
    bare = film(**nulls)
    known = bare.model_dump(exclude_none=True)
    assert known == {"kinopoisk_id": 301, "genres": (), "countries": ()}


@pytest.mark.parametrize("key", sorted(FOUND.keys() - {"filmId"}))
def test_an_item_may_leave_out_any_field(key: str) -> None:
    item = {name: value for name, value in FOUND.items() if name != key}
    page = parse(FoundPage, page_json(item))
    assert [entry.film.kinopoisk_id for entry in page.films] == [42664]


@pytest.mark.parametrize("key", sorted(FOUND.keys() - {"filmId"}))
def test_an_item_may_have_null_in_any_field(key: str) -> None:
    assert found(**{key: None}).kinopoisk_id == 42664


@pytest.mark.parametrize(
    ("item", "film_id"),
    [
        ({"filmId": 301}, 301),
        ({"kinopoiskId": 301}, 301),
        ({"kinopoiskId": 301, "filmId": 301}, 301),
        ({"kinopoiskId": None, "filmId": 301}, 301),
        ({"kinopoiskId": 301, "filmId": None}, 301),
        ({"kinopoiskId": 7_400_688}, 7_400_688),
    ],
)
def test_an_item_names_its_film_by_either_key(item: dict[str, Any], film_id: int) -> None:
    page = parse(FoundPage, page_json(item))
    assert [entry.film.kinopoisk_id for entry in page.films] == [film_id]


@pytest.mark.parametrize("film_id", [7_000_001, 7_302_978, 7_400_688])
def test_an_id_over_seven_million_is_an_id(film_id: int) -> None:
    assert film(kinopoiskId=film_id).kinopoisk_id == film_id


@pytest.mark.parametrize("kind", ["FILM", "TV_SHOW", "VIDEO", "MINI_SERIES", "TV_SERIES", "UNKNOWN", "HOLOGRAM"])
def test_a_type_is_kept_whether_known_or_not(kind: str) -> None:
    assert (film(type=kind).type, found(type=kind).type) == (kind, kind)


def test_an_unknown_genre_and_country_are_kept() -> None:
    odd = film(genres=[{"genre": "киберпанк"}], countries=[{"country": "Вольный город Данциг"}])
    assert (odd.genres[0].genre, odd.countries[0].country) == ("киберпанк", "Вольный город Данциг")


def test_unknown_fields_are_ignored() -> None:
    assert film(lastSync=5, hologram={"deep": [1]}) == film()


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"year": "null"}, "year", None),
        ({"rating": "null"}, "rating_kinopoisk", None),
        ({"rating": "99%"}, "rating_kinopoisk", None),
        ({"rating": "97.93%"}, "rating_kinopoisk", None),
        ({"rating": "25 февраля 2021"}, "rating_kinopoisk", None),
        ({"filmLength": "2:16"}, "film_length", 136),
        ({"filmLength": "01:28"}, "film_length", 88),
        ({"filmLength": ""}, "film_length", None),
        ({"nameEn": ""}, "name_en", None),
        ({"nameRu": "Брат\u00a02"}, "name_ru", "Брат 2"),
        ({"ratingVoteCount": []}, "rating_kinopoisk_vote_count", None),
    ],
)
def test_an_item_with_a_recorded_quirk_is_read(changes: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(found(**changes), field) == value


@pytest.mark.parametrize("odd", ODD_ITEMS, ids=[json.dumps(item, ensure_ascii=False)[:40] for item in ODD_ITEMS])
def test_an_odd_item_does_not_hide_the_others_of_its_page(odd: Any) -> None:
    page = parse(FoundPage, page_json(FOUND, odd, {**FOUND, "filmId": 2}))
    assert [entry.film.kinopoisk_id for entry in page.films] == [42664, 2]


@pytest.mark.parametrize("body", ["{}", '{"films": null}', '{"films": []}', '{"pagesCount": 0, "films": []}'])
def test_a_page_without_films_is_an_empty_page(body: str) -> None:
    assert parse(FoundPage, body).films == ()


@pytest.mark.parametrize("films", ["{}", '"нет"', "5", "true"])
def test_a_page_whose_films_are_no_list_is_malformed(films: str) -> None:
    with pytest.raises(errors.MalformedAnswer):
        parse(FoundPage, f'{{"films": {films}}}')


@pytest.mark.parametrize(
    ("sent", "total"), [(134, 134), ("134", 134), (0, 0), (None, None), ("много", None)], ids=shown
)
def test_the_total_of_a_search_is_a_count_or_nothing(sent: Any, total: int | None) -> None:
    body = json.dumps({"films": [], "searchFilmsCountResult": sent})
    assert parse(FoundPage, body).total == total
