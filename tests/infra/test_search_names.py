"""Names as local search compares them."""

import sys

import pytest

from shared.search_names import LONGEST, normalise, search_names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("МАТРИЦА", "матрица"),
        ("Ёлки", "елки"),
        ("Е\u0308лки", "елки"),
        ("Мой", "мой"),
        ("Мои\u0306", "мой"),
        ("Amélie", "amelie"),
        ("Straße", "strasse"),
        ("Ｍａｔｒｉｘ", "matrix"),
        ("1+1", "1 1"),
        ("«Операция „Ы“…»", "операция ы"),
        ("Handmaid's Tale", "handmaid s tale"),
        ("Человек-паук: Нет пути домой", "человек паук нет пути домой"),
        ("a_b", "a b"),
        ("  a\u00a0\u2009\t\n b ", "a b"),
        ("100%", "100"),
        ("🎬❤️", ""),
        ("?!&|<->", ""),
        ("", ""),
    ],
)
def test_a_text_is_words_with_a_space_between(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_what_is_normal_stays_as_it_is() -> None:
    letters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    assert [letter for letter in letters if normalise(normalise(letter)) != normalise(letter)] == []


def test_nothing_in_a_normal_text_can_mean_anything_to_a_query() -> None:
    everything = " ".join(chr(code) for code in range(1, 0x3000))
    parts = (normalise(everything[at : at + 100]) for at in range(0, len(everything), 100))
    assert all(word.isalnum() for part in parts for word in part.split())


@pytest.mark.parametrize("text", ["а" * 1000, "а " * 1000])
def test_a_normal_text_has_a_bound_and_ends_with_a_letter(text: str) -> None:
    normal = normalise(text)
    assert len(normal) <= LONGEST
    assert normal.endswith("а")


def test_each_name_has_a_line() -> None:
    assert search_names("Матрица", "Matrix", "The Matrix") == "матрица\nmatrix\nthe matrix"


def test_the_same_name_is_stored_once() -> None:
    assert search_names("Ёлки!", None, "Елки") == "елки"


@pytest.mark.parametrize("names", [(None, None, None), ("", "?", None)])
def test_no_names_are_an_empty_text(names: tuple[str | None, str | None, str | None]) -> None:
    assert search_names(*names) == ""
