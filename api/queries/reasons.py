"""Why a film is recommended: a code for programs, a text for people. Names are used as they are, never declined."""

import re
from collections.abc import Mapping
from typing import Any

from api.language import Code
from shared.genres import Genre
from shared.recommendations import COLLABORATIVE, CONTENT, SIMILAR

Reason = dict[str, Any]

CODES = {COLLABORATIVE: "because-you-liked", SIMILAR: "similar-on-kinopoisk", CONTENT: "same-kind"}

# With the favourite that speaks for the film; and where it has no name.
TEXTS: Mapping[Code, dict[str, tuple[str, str]]] = {
    "ru": {
        "because-you-liked": ("Похоже на {} из вашего избранного", "Похоже на фильм из вашего избранного"),
        "similar-on-kinopoisk": ("Кинопоиск считает похожим на {}", "Кинопоиск считает похожим на ваш любимый фильм"),
        "same-kind": ("Тех же жанров и времени, что и {}", "Тех же жанров и времени, что и ваш любимый фильм"),
    },
    "en": {
        "because-you-liked": ("Because you liked {}", "Because of a film that you liked"),
        "similar-on-kinopoisk": ("Similar to {}, says Kinopoisk", "Similar to a film that you liked, says Kinopoisk"),
        "same-kind": ("Of the genres and time of {}", "Of the genres and time of a film that you liked"),
    },
}
POPULAR: Mapping[Code, str] = {"ru": "Популярно сейчас", "en": "Popular right now"}
POPULAR_IN: Mapping[Code, str] = {"ru": "Популярно: {}", "en": "Popular in {}"}

NAMES: Mapping[Code, tuple[str, ...]] = {
    "ru": ("name_ru", "name_original", "name_en"),
    "en": ("name_en", "name_original", "name_ru"),
}
QUOTED: Mapping[Code, str] = {"ru": "«{}»", "en": "“{}”"}
# Quotation marks within quotation marks are others.
QUOTED_INSIDE: Mapping[Code, str] = {"ru": r"„\1“", "en": r"‘\1’"}
_QUOTATION = re.compile('[«"“„]([^«»"“”„]+)[»"“”]')


def reason(
    kind: int | None, because: int | None, liked: Mapping[str, Any] | None, genre: Genre | None, language: Code
) -> Reason:
    """The favourite `because` speaks for the film, in the way of `kind`; without one the film is popular, in its genre.

    `liked` has the favourite's three names, any of which may be null; None where nothing is stored of it.
    """
    if kind is None or because is None:
        return popular(genre, language)
    code = CODES[kind]
    named, nameless = TEXTS[language][code]
    name = next((liked[key] for key in NAMES[language] if liked[key]), None) if liked else None
    return {
        "code": code,
        "because": {"kinopoisk_id": because, "name_ru": liked["name_ru"] if liked else None},
        "text": named.format(quoted(name, language)) if name else nameless,
    }


def popular(genre: Genre | None, language: Code) -> Reason:
    if genre is None:
        return {"code": "popular", "because": None, "text": POPULAR[language]}
    name = genre.name_ru if language == "ru" else genre.name_en
    return {"code": "popular-in-genre", "because": None, "text": POPULAR_IN[language].format(name)}


def quoted(name: str, language: Code) -> str:
    """The name in the quotation marks of the language, with other ones around what the name itself quotes."""
    return QUOTED[language].format(_QUOTATION.sub(QUOTED_INSIDE[language], name))
