"""settings.example.toml holds every setting with its default, and none of its secrets starts a service."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from shared.settings import InvalidSettings, Settings, load_settings
from shared.settings.values import Section

EXAMPLE = Path(__file__).parents[1] / "settings.example.toml"
OPTIONAL = {"statsd": {"host": None}, "sentry": {"dsn": None}, "worker": {"heartbeat_file": None}}
OWN = {("auth", "jwt_keys"), ("postgres", "url"), ("redis", "url"), ("kinopoisk", "api_key")}


def example() -> dict[str, dict[str, Any]]:
    return tomllib.loads(EXAMPLE.read_text())


def test_the_example_is_refused_for_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINOSHELF_SETTINGS", str(EXAMPLE))
    with pytest.raises(InvalidSettings, match=r"auth\.jwt_keys\.0\.secret: is an example"):
        load_settings()


def test_with_a_secret_the_example_is_complete_and_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled = tmp_path / "settings.toml"
    filled.write_text(re.sub("example-[a-z-]+", "Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ", EXAMPLE.read_text()))
    monkeypatch.setenv("KINOSHELF_SETTINGS", str(filled))
    for name, section in load_settings():
        given = example().get(name, {}) | OPTIONAL.get(name, {})
        assert given.keys() == type(section).model_fields.keys()


def test_what_the_example_says_is_the_default() -> None:
    for name, field in Settings.model_fields.items():
        assert isinstance(field.annotation, type(Section))
        parts = ((key, part.default) for key, part in field.annotation.model_fields.items())
        defaults = {key: list(value) if isinstance(value, tuple) else value for key, value in parts}
        for key, value in example()[name].items():
            if (name, key) not in OWN:
                assert defaults[key] == value, f"{name}.{key}"
