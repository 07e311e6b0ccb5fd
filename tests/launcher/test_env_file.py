"""`make env`: secrets for docker compose, made once."""

import stat
from pathlib import Path

import pytest

from dev import env_file


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(env_file, "FILE", tmp_path / ".env")
    monkeypatch.setattr("sys.argv", ["env_file.py"])
    return tmp_path / ".env"


def test_only_its_owner_may_read_it(file: Path) -> None:
    assert env_file.main() == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_is_in_use_stays(file: Path) -> None:
    file.write_text("POSTGRES_PASSWORD=in-use\n")
    assert env_file.main() == 1
    assert file.read_text() == "POSTGRES_PASSWORD=in-use\n"


def test_every_file_has_secrets_of_its_own() -> None:
    first, second = (set(env_file.text(demo=False).splitlines()) for _ in range(2))
    assert {line.partition("=")[0] for line in first & second if "=" in line} == {"KINOPOISK_API_KEY"}


def test_every_secret_is_as_long_as_the_pickiest_server_wants_it() -> None:
    made = dict(line.split("=", 1) for line in env_file.text(demo=False).splitlines() if "=" in line)
    assert [name for name in env_file.NAMES if len(made[name]) < 50] == []
