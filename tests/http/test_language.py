"""Which language Accept-Language asks for (RFC 9110, 12.5.4)."""

import pytest

from api.language import language_of


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en", "en"),
        ("ru", "ru"),
        ("EN-us", "en"),
        ("en-Latn-GB", "en"),
        ("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("ru;q=0.5, en;q=0.6", "en"),
        ("en ; q=0.3 , ru ;q=0.4", "ru"),
        ("de-DE, en;q=0.1", "en"),
        ("ru;q=0.2, en-GB;q=0.1, en;q=0.3", "en"),
    ],
)
def test_the_language_that_weighs_most_is_taken(header: str, language: str) -> None:
    assert language_of(header) == language


@pytest.mark.parametrize(("header", "language"), [("en, ru", "en"), ("ru, en", "ru"), ("en;q=0.5, ru;q=0.5", "en")])
def test_of_two_alike_the_first_is_taken(header: str, language: str) -> None:
    assert language_of(header) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [("*", "ru"), ("en;q=0.5, *", "ru"), ("ru;q=0.5, *", "en"), ("ru;q=0, *;q=0.1", "en"), ("en, *", "en")],
)
def test_a_wildcard_stands_for_what_is_not_named(header: str, language: str) -> None:
    assert language_of(header) == language


@pytest.mark.parametrize("header", ["en;q=0", "en;q=0.000, ru;q=0", "de", "uk, kk;q=0.5", "*;q=0", "eng", "english"])
def test_russian_stands_in_where_neither_is_wanted(header: str) -> None:
    assert language_of(header) == "ru"


GARBAGE = [
    "",
    ",",
    ";q=1",
    "en;q=2",
    "en;q=1.5",
    "en;q=-1",
    "en;q=nan",
    "en;q=",
    "en;q=0.5;q=1",
    "en;q=١",
    "en;level=1",
]


@pytest.mark.parametrize("header", [*GARBAGE, "en_US", "e n", "<script>", "\xff", "a" * 9000])
def test_what_is_no_language_range_is_passed_over(header: str) -> None:
    assert language_of(header) == "ru"


def test_garbage_hides_no_language_beside_it() -> None:
    assert language_of(";;;, en_US, \xff, en;q=0.5, %s" % ("x" * 9000)) == "en"
