"""What the bench writes: its page, its picture, and whether it lets a slow service pass."""

from xml.etree import ElementTree

import pytest

from bench import report
from bench.figures import CannotMeasure, Figure, ratio
from bench.performance import MARGINS, ROWS, too_slow
from bench.plot import bars

FIGURES = [Figure("list of 20: ours", "900 /s", value=900.0), Figure("list of 20: limit", "1,000 /s", value=1000.0)]


def test_the_page_has_a_place_for_every_row() -> None:
    page = report.PAGE.read_text()
    for row in ROWS:
        page = report.between_marks(page, row, "measured anew\n")
    assert page.count("measured anew") == len(ROWS)


def test_a_row_without_a_place_is_refused() -> None:
    with pytest.raises(CannotMeasure, match="no place for elsewhere"):
        report.between_marks("<!-- hot_requests -->\n<!-- end of hot_requests -->", "elsewhere", "")


def test_each_table_says_what_gave_it() -> None:
    written = report.section(FIGURES, "`python -m bench.performance hot_requests`")
    assert "| list of 20: ours | 900 /s |  |  |\n" in written
    assert written.endswith("\n`python -m bench.performance hot_requests`\n")


def test_the_picture_is_well_formed_and_to_scale() -> None:
    drawn = bars("A & B", ("ours", "limit"), report.groups(FIGURES))
    rectangles = [each for each in ElementTree.fromstring(drawn).iter() if each.tag.endswith("rect")]
    ours, limit = (float(each.attrib["width"]) for each in rectangles[2:])
    assert ours / limit == pytest.approx(0.9, abs=0.001)


def test_the_guard_lets_pass_what_is_above_the_margins_only() -> None:
    good = [ratio(name, [least + 0.01]) for name, least in MARGINS.items()]
    assert too_slow(good) == []
    assert len(too_slow([ratio(name, [least - 0.01]) for name, least in MARGINS.items()])) == len(MARGINS)
    assert len(too_slow(good[:1])) == 1
