"""Field types, one by one: what upstream was seen to send, and what it might."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.kinopoisk import fields
from tests.upstream.bodies import shown


def value_of(kind: Any, sent: Any) -> Any:
    return TypeAdapter(kind).validate_python(sent)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("Матрица", "Матрица"),
        (None, None),
        ("", None),
        ("   ", None),
        ("null", None),
        ("\u00a0", None),
        ("Брат\u00a02", "Брат 2"),
        ("  Брат \t\n 2 ", "Брат 2"),
        ("a\x00b", "a b"),
        ("\x00", None),
        ("\u200b", None),
        ("\ufeffБрат", "Брат"),
        ("a\x9fb", "a b"),
        ("ё й 🎬", "ё й 🎬"),
        ("nullable", "nullable"),
    ],
    ids=shown,
)
def test_a_text_is_one_clean_line_or_nothing(sent: Any, text: str | None) -> None:
    assert value_of(fields.Text, sent) == text


@pytest.mark.parametrize("sent", [301, True, ["a"], {"a": 1}, 1.5], ids=shown)
def test_a_text_is_a_string(sent: Any) -> None:
    with pytest.raises(ValidationError):
        value_of(fields.Text, sent)


@pytest.mark.parametrize(
    ("sent", "prose"),
    [
        (None, None),
        ("", None),
        (" \n \r\n ", None),
        ("null", None),
        ("Одна.\n\nДве.", "Одна.\nДве."),
        ("Одна.\r\n Две\u00a0слова. ", "Одна.\nДве слова."),
        ("a\x00b\nc", "a b\nc"),
    ],
    ids=shown,
)
def test_prose_keeps_its_paragraphs(sent: Any, prose: str | None) -> None:
    assert value_of(fields.Prose, sent) == prose


@pytest.mark.parametrize(
    ("sent", "rating"),
    [
        (8.8, 8.8),
        (8, 8.0),
        (8.0, 8.0),
        ("8.8", 8.8),
        ("8", 8.0),
        (10, 10.0),
        (8.849, 8.8),
        (0, None),
        (0.0, None),
        (0.01, None),
        (-1, None),
        (10.1, None),
        (None, None),
        ("", None),
        ("null", None),
        ("99%", None),
        ("97.93%", None),
        ("25 февраля 2021", None),
        ("высокий", None),
        ("nan", None),
        ("inf", None),
        ("-Infinity", None),
        (float("nan"), None),
        (10**400, None),
        ([8.8], None),
        ({"value": 8.8}, None),
        (True, None),
        ("1_0", None),
    ],
    ids=shown,
)
def test_a_rating_is_a_figure_up_to_ten_or_nothing(sent: Any, rating: float | None) -> None:
    assert value_of(fields.Rating, sent) == rating


@pytest.mark.parametrize(
    ("sent", "count"),
    [
        (0, 0),
        (524108, 524108),
        ("524108", 524108),
        (2**31 - 1, 2**31 - 1),
        (2**31, 2**31 - 1),
        (9_999_999_999, 2**31 - 1),
        (10**11, None),
        (-1, None),
        (None, None),
        ("", None),
        ("null", None),
        ("много", None),
        ("٣", None),
        ("1_0", None),
        ([], None),
        (True, None),
    ],
    ids=shown,
)
def test_a_count_is_not_negative_and_fits_a_column(sent: Any, count: int | None) -> None:
    assert value_of(fields.Count, sent) == count


@pytest.mark.parametrize(
    ("sent", "year"),
    [
        (1999, 1999),
        ("1999", 1999),
        ("2019-2021", 2019),
        ("2019 - ...", 2019),
        ("1895", 1895),
        (2100, 2100),
        (0, None),
        ("null", None),
        ("", None),
        (None, None),
        ("скоро", None),
        (19990, None),
        (1, None),
        (-1999, None),
        (True, None),
        ([1999], None),
    ],
    ids=shown,
)
def test_a_year_is_one_of_cinema(sent: Any, year: int | None) -> None:
    assert value_of(fields.Year, sent) == year


@pytest.mark.parametrize(
    ("sent", "minutes"),
    [
        (136, 136),
        ("136", 136),
        ("02:16", 136),
        ("2:16", 136),
        ("01:28", 88),
        ("00:05", 5),
        ("100:00", 6000),
        ("00:00", None),
        (0, None),
        ("", None),
        (None, None),
        ("null", None),
        ("2:60", None),
        ("1:2:3", None),
        (-5, None),
        ({"minutes": 136}, None),
        ("٢:١٦", None),
    ],
    ids=shown,
)
def test_a_length_is_minutes_however_it_is_written(sent: Any, minutes: int | None) -> None:
    assert value_of(fields.Minutes, sent) == minutes


@pytest.mark.parametrize(
    ("sent", "age"),
    [("age16", 16), ("age0", 0), ("16", 16), (18, 18), (None, None), ("", None), ("ageX", None), ("age166", None)],
    ids=shown,
)
def test_an_age_limit_is_a_number_of_years(sent: Any, age: int | None) -> None:
    assert value_of(fields.AgeLimit, sent) == age


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        ("https://kinopoiskapiunofficial.tech/images/1.jpg", "https://kinopoiskapiunofficial.tech/images/1.jpg"),
        ("http://example.test/kp/1.jpg", "http://example.test/kp/1.jpg"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.test/1.jpg", None),
        ("file:///etc/passwd", None),
        ("https://a.test/\"onerror='x'", None),
        ("https://a.test/<script>", None),
        ("https://a.test/a b", None),
        ("https://a.test/\n", None),
        ("https://a.test/\x00", None),
        ("https://a.test/" + "a" * 3000, None),
        ("", None),
        (None, None),
        (False, None),
        (5, None),
    ],
    ids=shown,
)
def test_an_address_is_one_of_the_web_and_holds_nothing_that_leaves_an_attribute(
    sent: Any, address: str | None
) -> None:
    assert value_of(fields.Address, sent) == address


@pytest.mark.parametrize("sent", [1, 301, 7_302_978, 2**31 - 1, "301"], ids=shown)
def test_an_id_may_be_any_that_a_column_holds(sent: Any) -> None:
    assert value_of(fields.FilmId, sent) == int(sent)


@pytest.mark.parametrize("sent", [0, -1, 2**31, 10**20, None, "abc", "", 301.5, [301], True], ids=shown)
def test_an_id_that_is_none_is_refused(sent: Any) -> None:
    with pytest.raises(ValidationError):
        value_of(fields.FilmId, sent)
