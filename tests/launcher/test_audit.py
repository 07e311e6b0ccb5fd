"""`make audit`: what it makes of the answers of its tools. The tools themselves are not asked here."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

import pytest

from dev.audit import __main__ as audit
from dev.audit import bills, holes, leaks, tools
from dev.audit.accepted import Accepted
from tests.infra.test_security_page import functions_of

OLD_HOLE = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.0"]}
FOO = hashlib.sha1(b"foo").hexdigest()
SUSPECT = {"line_number": 3, "type": "Secret Keyword", "hashed_secret": FOO}


def entry(hole: str) -> str:
    return f'[[hole]]\npackage = "old"\nversion = "1.0"\nwhat = "w"\nreason = "r"\nids = ["{hole}"]\n'


class Said:
    """What the tools answer, by their module; a text that is an error is raised."""

    def __init__(self) -> None:
        self.pypi: list[dict[str, object]] = [{"name": "old", "version": "1.0", "vulns": []}]
        self.osv = "unreachable"
        self.suspects: list[dict[str, object]] = []

    def run(self, module: str, *arguments: str, ends: tuple[int, ...] = (0,)) -> str:
        if module == "pip_audit" and "osv" in arguments:
            raise tools.ToolFailed(self.osv)
        if module == "pip_audit":
            return json.dumps({"dependencies": self.pypi})
        return json.dumps({"results": {"some/file.py": self.suspects}})


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    said = Said()
    for module in (holes, leaks, bills):
        monkeypatch.setattr(module, "run", said.run)
    monkeypatch.setattr(holes, "pinned", lambda: {"old==1.0"})
    return said


def ended(tmp_path: Path, accepted: str = "", texts: str = "[]") -> int:
    file = tmp_path / "audit.toml"
    file.write_text(f'{accepted or entry("none")}\n[[no_secret]]\nreason = "r"\ntexts = {texts}\n')
    return audit.main(file, tmp_path / "sbom")


def test_nothing_found_is_fine(said: Said, tmp_path: Path) -> None:
    assert ended(tmp_path) == audit.FINE


def test_a_hole_is_told_with_its_release(said: Said, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said.pypi[0]["vulns"] = [OLD_HOLE]
    assert ended(tmp_path) == audit.FOUND
    assert "old 1.0: CVE-1 PYSEC-1, mended in 2.0" in capsys.readouterr().out


@pytest.mark.parametrize("known", ["PYSEC-1", "CVE-1", "*"])
def test_an_accepted_hole_is_fine_by_any_of_its_names(said: Said, tmp_path: Path, known: str) -> None:
    said.pypi[0]["vulns"] = [OLD_HOLE]
    assert ended(tmp_path, entry(known)) == audit.FINE


def test_a_package_that_no_service_knows_is_not_called_sound(
    said: Said, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said.pypi = [{"name": "old", "skip_reason": "not found"}]
    assert ended(tmp_path) == audit.UNKNOWN
    assert "NOT looked up" in capsys.readouterr().out


def test_what_looks_like_a_secret_is_told_by_its_place(
    said: Said, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said.suspects = [SUSPECT]
    assert ended(tmp_path) == audit.FOUND
    assert "some/file.py:3: Secret Keyword" in capsys.readouterr().out


def test_an_accepted_text_is_no_secret(said: Said, tmp_path: Path) -> None:
    said.suspects = [SUSPECT]
    assert ended(tmp_path, texts='["foo"]') == audit.FINE


def test_an_accepted_text_that_is_gone_is_told(said: Said, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended(tmp_path, texts='["foo"]')
    assert "no longer there, strike it out: foo" in capsys.readouterr().out


def test_a_tool_that_fails_is_no_clean_bill(said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> str:
        raise tools.ToolFailed("broken")

    monkeypatch.setattr(leaks, "run", fail)
    assert ended(tmp_path) == audit.FAILED


def test_a_tool_that_ends_badly_is_an_error_with_its_last_line() -> None:
    with pytest.raises(tools.ToolFailed, match=r"no_such_tool ended with 1: .*No module named no_such_tool"):
        tools.run("no_such_tool")


def test_each_version_of_a_package_is_asked_for() -> None:
    assert holes.rounds({"b==1", "a==1", "a==2"}) == [["a==1", "b==1"], ["a==2"]]


def test_every_lock_is_read() -> None:
    names = {pin.partition("==")[0] for pin in holes.pinned()}
    assert {"python-jose", "pip-audit", "bugsink", "graphite-web"} <= names


def test_every_accepted_hole_is_of_a_locked_version_and_its_tests_are_there() -> None:
    accepted = Accepted.read(audit.ACCEPTED)
    gone = [hole.package for hole in accepted.holes if f"{hole.package}=={hole.version}" not in holes.pinned()]
    named = [test.split("::") for hole in accepted.holes for test in hole.shown_by]
    missing = [test for module, test in named if test not in functions_of(module)]
    assert (len(named) > 4, gone, missing) == (True, [], [])


def test_every_accepted_thing_has_its_reason() -> None:
    content = tomllib.loads(audit.ACCEPTED.read_text())
    assert all(re.search(r"\w+ \w+", each["reason"]) for kind in content.values() for each in kind)
