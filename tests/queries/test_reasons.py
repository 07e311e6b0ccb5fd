"""The reasons of recommendations, as people read them."""

from typing import Any

import pytest

from api import shapes
from api.language import LANGUAGES, Code
from api.queries.reasons import reason
from shared.genre_names import genre_meant
from shared.recommendations import COLLABORATIVE, CONTENT, SIMILAR

BROTHER = {"name_ru": "Брат", "name_en": "Brother", "name_original": None}
KINDS = {COLLABORATIVE: "because-you-liked", SIMILAR: "similar-on-kinopoisk", CONTENT: "same-kind"}


def names(russian: str | None = None, english: str | None = None, original: str | None = None) -> dict[str, Any]:
    return {"name_ru": russian, "name_en": english, "name_original": original}


def told(language: Code, liked: dict[str, Any] | None) -> str:
    return str(reason(COLLABORATIVE, 41519, liked, None, language)["text"])


@pytest.mark.parametrize(
    ("kind", "language", "text"),
    [
        (COLLABORATIVE, "ru", "Похоже на «Брат» из вашего избранного"),
        (COLLABORATIVE, "en", "Because you liked “Brother”"),
        (SIMILAR, "ru", "Кинопоиск считает похожим на «Брат»"),
        (SIMILAR, "en", "Similar to “Brother”, says Kinopoisk"),
        (CONTENT, "ru", "Тех же жанров и времени, что и «Брат»"),
        (CONTENT, "en", "Of the genres and time of “Brother”"),
    ],
)
def test_a_favourite_speaks_for_a_film_in_its_own_way(kind: int, language: Code, text: str) -> None:
    assert reason(kind, 41519, BROTHER, None, language) == {
        "code": KINDS[kind],
        "because": {"kinopoisk_id": 41519, "name_ru": "Брат"},
        "text": text,
    }


def test_a_favourite_says_more_than_the_genre() -> None:
    assert reason(COLLABORATIVE, 41519, BROTHER, genre_meant("drama"), "ru")["code"] == "because-you-liked"


@pytest.mark.parametrize(("language", "text"), [("ru", "Популярно: драма"), ("en", "Popular in drama")])
def test_without_a_favourite_a_film_is_popular_in_its_genre(language: Code, text: str) -> None:
    expected = {"code": "popular-in-genre", "because": None, "text": text}
    assert reason(None, None, None, genre_meant("drama"), language) == expected


@pytest.mark.parametrize(("language", "text"), [("ru", "Популярно сейчас"), ("en", "Popular right now")])
def test_without_either_a_film_is_popular(language: Code, text: str) -> None:
    assert reason(None, None, None, None, language) == {"code": "popular", "because": None, "text": text}


@pytest.mark.parametrize(
    ("language", "liked", "name"),
    [
        ("ru", names("Брат", "Brother", "Brat"), "«Брат»"),
        ("ru", names(None, "Brother", "Brat"), "«Brat»"),
        ("ru", names(None, "Brother", None), "«Brother»"),
        ("en", names("Брат", "Brother", "Brat"), "“Brother”"),
        ("en", names("Брат", None, "Brat"), "“Brat”"),
        ("en", names("Брат", "", None), "“Брат”"),
    ],
)
def test_a_name_is_in_the_language_if_there_is_one(language: Code, liked: dict[str, Any], name: str) -> None:
    assert name in told(language, liked)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("liked", [None, names()], ids=["not stored", "without names"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_favourite_without_a_name_is_spoken_of_without(
    kind: int, language: Code, liked: dict[str, Any] | None
) -> None:
    found = reason(kind, 41519, liked, None, language)
    shapes.Reason.model_validate(found)
    assert found["because"] == {"kinopoisk_id": 41519, "name_ru": None}
    assert not {"None", "{}", "«", "“"} & {*found["text"].split(), *found["text"]}


@pytest.mark.parametrize(
    ("language", "name", "quoted"),
    [
        ("ru", "Дело «Пёстрых»", "«Дело „Пёстрых“»"),
        ("ru", 'Крейсер "Варяг"', "«Крейсер „Варяг“»"),
        ("ru", "Бар «А» и «Б»", "«Бар „А“ и „Б“»"),
        ("ru", "«Мосфильм»", "«„Мосфильм“»"),
        ("ru", "Рост 5'11\"", "«Рост 5'11\"»"),
        ("en", "The “Hunt”", "“The ‘Hunt’”"),
        ("en", 'The "Hunt"', "“The ‘Hunt’”"),
        ("en", "Ocean's {0} %s \\1", "“Ocean's {0} %s \\1”"),
    ],
)
def test_quotation_marks_are_nested(language: Code, name: str, quoted: str) -> None:
    assert quoted in told(language, names(name))
