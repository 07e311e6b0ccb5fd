"""The version is the same wherever it has to be written."""

import tomllib
from pathlib import Path

from shared.version import RELEASE, VERSION


def test_the_project_says_the_version_of_the_service() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert (project["version"], RELEASE) == (VERSION, f"{project['name']}@{VERSION}")
