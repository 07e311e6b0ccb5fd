"""docs/alarms.md and the code name the same alarms."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def documented() -> set[str]:
    return set(re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/alarms.md").read_text(encoding="utf-8"), re.MULTILINE))


def raised() -> Iterator[str]:
    """The code of every alarm in the product."""
    for module in (path for folder in ("api", "worker", "shared") for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name("alarm") | ast.Attribute(value=ast.Name("sentry"), attr="alarm")):
                    assert isinstance(node.args[0], ast.Constant), "the code of an alarm stands where it is raised"
                    yield str(node.args[0].value)


def test_every_alarm_is_explained_and_no_other() -> None:
    assert set(raised()) == documented()
