"""docs/security.md: every requirement of level 1 has its row, and every test that it names is there."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
# OWASP ASVS 5.0, level 1, by chapter and section.
LEVEL_1 = """
1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1 3.4.2 3.5.1 3.5.2 3.5.3
4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2
7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2 8.3.1 9.1.1 9.1.2 9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5
11.3.1 11.3.2 11.4.1 12.1.1 12.2.1 12.2.2 13.4.1 14.2.1 14.3.1 15.1.1 15.2.1 15.3.1
"""
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
# How the cell begins that says why there is nothing to test.
UNTESTED = ("does not apply: ", "yours: ")


class Row(NamedTuple):
    number: str
    # "", "L2" or "L3".
    level: str
    how: str
    shown: str


def rows() -> list[Row]:
    found = re.findall(r"^\| ([\d.]+)(?: \((L[23])\))? \|[^|]+\| ([^|]+) \|([^|]*)\|$", PAGE, re.MULTILINE)
    return [Row(*cells) for cells in found]


def functions_of(module: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / module).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_requirement_of_level_1_has_its_row_and_no_other_is_called_so() -> None:
    wanted = LEVEL_1.split()
    assert len(wanted) == 70
    assert sorted(row.number for row in rows() if not row.level) == sorted(wanted)


def test_no_requirement_has_two_rows() -> None:
    numbers = [row.number for row in rows()]
    assert [number for number in numbers if numbers.count(number) > 1] == []


def test_what_is_shown_by_no_test_says_why() -> None:
    assert [row.number for row in rows() if not NAMED.search(row.shown) and not row.how.startswith(UNTESTED)] == []


def test_every_test_that_is_named_is_there() -> None:
    named = NAMED.findall(PAGE)
    missing = [f"{module}::{name}" for module, name in named if name not in functions_of(module)]
    assert (len(named) > 100, missing) == (True, [])


def test_everything_that_looks_like_a_test_is_named_as_one() -> None:
    assert PAGE.count("::") == len(NAMED.findall(PAGE))


def test_it_says_how_fast_holes_are_mended() -> None:
    assert re.search(r"`make audit` .* two days, .* thirty; .* three months", PAGE, re.DOTALL)


def test_the_proxy_asks_browsers_for_tls() -> None:
    proxy = (ROOT / "proxy/nginx.conf").read_text(encoding="utf-8")
    [seconds] = re.findall(r'https\s+"max-age=(\d+)', proxy)
    assert int(seconds) >= 365 * 86_400
