"""The product runs no text as code, asks no shell and unpickles nothing (OWASP ASVS 5, 1.2.5 and 1.3.2)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "marshal", "shelve", "subprocess", "dill", "joblib", "yaml"}
# Of any object: `os.system`, `asyncio.create_subprocess_shell`, `numpy.load(…, allow_pickle=True)`.
ATTRIBUTES = {"system", "popen", "create_subprocess_shell"}
ARGUMENTS = {"shell", "allow_pickle"}


def dangers(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(name)) if name in FUNCTIONS:
                yield name
            case ast.Call(func=ast.Attribute(attr=name)) if name in ATTRIBUTES:
                yield name
            case ast.keyword(arg=str(name)) if name in ARGUMENTS:
                yield name
            case ast.Import(names=names):
                yield from MODULES & {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(module=str(module)):
                yield from MODULES & {module.partition(".")[0]}


@pytest.mark.parametrize("folder", ["api", "shared", "worker", "migrations"])
def test_nothing_that_was_sent_can_become_code(folder: str) -> None:
    modules = list((ROOT / folder).rglob("*.py"))
    assert modules
    assert {str(module): found for module in modules if (found := [*dangers(module.read_text("utf-8"))])} == {}


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "import pickle",
        "from pickle import loads",
        "import os\nos.system('ls')",
        "import numpy\nnumpy.load('x', allow_pickle=True)",
        "import asyncio\nasyncio.create_subprocess_shell('ls')",
    ],
)
def test_it_would_be_seen(source: str) -> None:
    assert [*dangers(source)]
