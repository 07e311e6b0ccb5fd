"""docs/metrics.md and the code name the same metrics, of the same type."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
TYPES = {"counter": "count", "gauge": "gauge", "timing": "timing", "distribution": "timing"}
ROW = re.compile(r"^\| `([^`]+)` \| (\w+) \|", re.MULTILINE)


def documented() -> set[tuple[str, str]]:
    """Names with a star for each placeholder, and by which function they are told."""
    rows = ROW.findall((ROOT / "docs/metrics.md").read_text(encoding="utf-8"))
    return {(re.sub(r"<\w+>", "*", name), TYPES[kind]) for name, kind in rows}


def told() -> Iterator[tuple[str, str]]:
    """The same of every call of shared.metrics in the product."""
    for module in (path for folder in ("api", "worker", "shared") for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name("metrics"), attr=how), args=[name, *_]) if (
                    how in TYPES.values()
                ):
                    yield pattern(name), how


def pattern(name: ast.expr) -> str:
    match name:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)
    raise AssertionError("the name of a metric stands where it is told")


def covers(documented: str, told: str) -> bool:
    """`catalogue.*` stands for `catalogue.pages`; a star in the code stands for what a star in the table does."""
    return re.fullmatch(re.escape(documented).replace(r"\*", r"[\w*-]+"), told) is not None


def test_every_metric_is_documented() -> None:
    table = documented()
    unknown = {(name, how) for name, how in told() if not any(covers(row, name) and how == by for row, by in table)}
    assert unknown == set()


def test_every_documented_metric_is_told() -> None:
    code = set(told())
    nowhere = {(row, by) for row, by in documented() if not any(covers(row, name) and how == by for name, how in code)}
    assert nowhere == set()
