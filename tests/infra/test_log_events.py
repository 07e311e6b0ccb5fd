"""docs/logs.md and the code name the same events, with the same levels and fields."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| ([a-z, ]+) \|([^|]*)\|", re.MULTILINE)
LEVELS = {"debug", "info", "warning", "error"}


class Event(NamedTuple):
    name: str
    # Empty where it is chosen as the program runs.
    level: str
    fields: frozenset[str]
    # Whether it may have more fields than can be read in the code.
    is_open: bool = False


@lru_cache
def documented() -> dict[str, tuple[set[str], set[str]]]:
    """Levels and fields by event."""
    _, _, table = (ROOT / "docs/logs.md").read_text(encoding="utf-8").partition("## Events")
    rows = ROW.findall(table)
    return {name: (set(levels.split(", ")), set(re.findall(r"`(\w+)`", fields))) for name, levels, fields in rows}


@lru_cache
def logged() -> list[Event]:
    """Of every call of a logger in the product."""
    modules = (path for folder in ("api", "worker", "shared") for path in (ROOT / folder).rglob("*.py"))
    return [event for module in modules for event in events_of(ast.parse(module.read_text(encoding="utf-8")))]


def events_of(module: ast.Module) -> Iterator[Event]:
    levels = {name for node in ast.walk(module) for name in names_of_levels(node)}
    for node in ast.walk(module):
        match node:
            case ast.Call(func=said, args=[ast.Constant(str(name))], keywords=keywords):
                fields = frozenset(keyword.arg for keyword in keywords if keyword.arg)
                is_open = len(fields) < len(keywords)
                match said:
                    case ast.Attribute(value=ast.Name("log"), attr=level):
                        yield Event(name, level.replace("exception", "error"), fields, is_open)
                    case ast.Call(func=ast.Name("getattr"), args=[ast.Name("log"), *_]):
                        yield Event(name, "", fields, is_open)
                    case ast.Name(variable) if variable in levels:
                        yield Event(name, "", fields, is_open)


def names_of_levels(node: ast.AST) -> Iterator[str]:
    """Of variables like `write = log.info if … else log.debug`."""
    match node:
        case ast.Assign(targets=[ast.Name(variable)], value=value):
            attributes = (part for part in ast.walk(value) if isinstance(part, ast.Attribute))
            if any(isinstance(part.value, ast.Name) and part.value.id == "log" for part in attributes):
                yield variable


def test_the_same_events_are_logged_and_documented() -> None:
    assert {event.name for event in logged()} == documented().keys()


def test_levels_are_documented() -> None:
    wrong = {(event.name, event.level) for event in logged() if event.level not in {*documented()[event.name][0], ""}}
    assert wrong == set()
    assert {level for levels, _ in documented().values() for level in levels} <= LEVELS


def test_fields_are_documented() -> None:
    wrong = {(event.name, field) for event in logged() for field in event.fields - documented()[event.name][1]}
    assert wrong == set()


def test_documented_fields_are_logged() -> None:
    for name, (_, fields) in documented().items():
        calls = [event for event in logged() if event.name == name]
        if not any(call.is_open for call in calls):
            assert fields == {field for call in calls for field in call.fields}, name
