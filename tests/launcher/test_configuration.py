"""What the launcher takes from the settings, what it provides itself, and every sentence about what is wrong."""

import importlib
import os
import socket
from pathlib import Path

import pytest

from dev import configuration, ports, readiness, run, speech
from dev.configuration import make_plan
from dev.data import data_folder, only_user_of
from dev.interrupts import Interrupts, Stopped
from dev.keys import keep_secret
from dev.problems import CannotStart


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty settings.toml and no setting in the environment."""
    for name in os.environ:
        if name.upper().startswith("KINOSHELF"):
            monkeypatch.delenv(name)
    file = tmp_path / "settings.toml"
    file.touch()
    monkeypatch.setenv("KINOSHELF_SETTINGS", str(file))
    return file


def test_nothing_configured_means_everything_provided() -> None:
    before = dict(os.environ)
    plan = make_plan()
    assert (plan.embed_postgres, plan.embed_redis, plan.sandbox, plan.make_jwt_key) == (True, True, True, True)
    assert (plan.api.host, plan.api.port) == ("127.0.0.1", 8000)
    assert plan.environment == {
        "KINOSHELF__LIMITS__WAITING_PASSWORD_HASHES": "200",
        "KINOSHELF__LIMITS__UPSTREAM_CALLS_PER_USER_HOUR": "1000",
        "KINOSHELF__LIMITS__REFRESHES_PER_USER_HOUR": "1000",
        "KINOSHELF__LIMITS__REFRESH_AGAIN_SECONDS": "10",
        "KINOSHELF__LIMITS__REQUESTS_PER_SECOND": "100000",
        "KINOSHELF__LIMITS__REQUEST_BURST": "100000",
        "KINOSHELF__LIMITS__CONCURRENT_REQUESTS": "2000",
        "KINOSHELF__LIMITS__CONNECTIONS": "5000",
        "KINOSHELF__LIMITS__LOGINS_PER_ADDRESS_MINUTE": "1000",
        "KINOSHELF__LIMITS__LOGIN_TRIES": "50",
        "KINOSHELF__LIMITS__LOGIN_WAIT_CAP_SECONDS": "10",
        "KINOSHELF__LIMITS__REGISTRATIONS_PER_ADDRESS_HOUR": "10000",
    }
    assert dict(os.environ) == before


def test_what_is_given_is_not_provided(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.write_text(
        '[api]\nport = 9000\nhost = "127.0.0.2"\n[redis]\nurl = "redis://elsewhere"\n[kinopoisk]\napi_key = "mine"\n'
        "[limits]\nwaiting_password_hashes = 5\n"
        '[[auth.jwt_keys]]\nid = "a"\nsecret = "0123456789abcdefghijklmnopqrstuvwxyz"\n'
    )
    monkeypatch.setenv("KINOSHELF__API__PORT", "9001")
    monkeypatch.setenv("KINOSHELF__POSTGRES", '{"url": "postgresql://elsewhere/films"}')
    plan = make_plan()
    assert not any((plan.embed_postgres, plan.embed_redis, plan.sandbox, plan.make_jwt_key))
    assert (plan.api.host, plan.api.port) == ("127.0.0.2", 9001)
    assert "KINOSHELF__LIMITS__WAITING_PASSWORD_HASHES" not in plan.environment
    assert plan.redis_url.get_secret_value() == "redis://elsewhere"
    assert "elsewhere" not in repr(plan)


def test_port_nought_is_chosen_and_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINOSHELF__API__PORT", "0")
    plan = make_plan()
    assert plan.api.port > 0
    assert plan.environment["KINOSHELF__API__PORT"] == str(plan.api.port)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("not toml", "Cannot read the settings"),
        ("[api]\nprot = 1\n", "Setting api.prot: Extra inputs are not permitted."),
        ("[api]\nport = 70000\n", "Setting api.port: "),
        ("api = 5\n", "Setting api: "),
        ('[postgres]\nurl = "mysql://films"\n', "Setting postgres.url: must look like postgresql://"),
    ],
)
def test_broken_settings_are_one_sentence(settings: Path, text: str, sentence: str) -> None:
    settings.write_text(text)
    with pytest.raises(CannotStart) as problem:
        make_plan()
    assert str(problem.value).startswith(sentence)


def test_address_without_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINOSHELF__KINOPOISK__BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(CannotStart, match="KINOSHELF__KINOPOISK__API_KEY is not"):
        make_plan()


def test_unreadable_settings_that_load_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("gone again")

    monkeypatch.setattr(configuration, "TomlConfigSettingsSource", broken)
    monkeypatch.setattr(configuration, "load_settings", lambda: None)
    with pytest.raises(OSError, match="gone again"):
        configuration.given_settings()


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [("192.0.2.1", 8000, "Cannot listen on 192.0.2.1, port 8000"), ("nowhere.invalid", 80, "Cannot listen on nowhere")],
)
def test_hosts_that_are_not_ours(host: str, port: int, sentence: str) -> None:
    with pytest.raises(CannotStart, match=sentence):
        ports.require_free(host, port)


def test_ports_and_addresses() -> None:
    port = ports.free_port()
    ports.require_free("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(CannotStart, match=f"Port {port} on .* is taken"):
        ports.require_free("127.0.0.1", port)
    assert ports.web_address("0.0.0.0", 1) == "http://127.0.0.1:1"
    assert ports.web_address("::", 1) == "http://[::1]:1"
    assert ports.web_address("localhost", 1) == "http://localhost:1"


def test_secret_is_kept_closed_and_made_anew_if_it_is_none(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    secret = keep_secret(file)
    assert len(secret) == 64
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert keep_secret(file) == secret
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("short")
    assert keep_secret(file) != secret


def test_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINOSHELF_DATA", str(tmp_path / "a" / "b"))
    assert data_folder() == tmp_path / "a" / "b"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINOSHELF_DATA", "")
    assert data_folder() == tmp_path / ".data"
    assert data_folder().stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("KINOSHELF_DATA", str(tmp_path / "settings.toml"))
    with pytest.raises(CannotStart, match=r"Cannot use .* as the data folder"):
        data_folder()


def test_data_folder_has_one_user(tmp_path: Path) -> None:
    with only_user_of(tmp_path), pytest.raises(CannotStart, match=rf"process {os.getpid()}"), only_user_of(tmp_path):
        pass
    with only_user_of(tmp_path):
        pass
    with pytest.raises(CannotStart, match="Cannot write to"), only_user_of(tmp_path / "nowhere"):
        pass


def test_nothing_answers_there(tmp_path: Path) -> None:
    assert not readiness.answers_ready(f"http://127.0.0.1:{ports.free_port()}")
    assert not readiness.redis_answers(f"redis://127.0.0.1:{ports.free_port()}/0")
    assert not readiness.worker_reported(f"redis://127.0.0.1:{ports.free_port()}/0")
    log = tmp_path / "log"
    log.write_text("Sandbox: \n")
    assert readiness.sandbox_address(log) is None
    log.write_text("warming up\nSandbox: http://127.0.0.1:5\n")
    assert readiness.sandbox_address(log) == "http://127.0.0.1:5"


@pytest.mark.parametrize(
    ("outcome", "code", "said"), [(Stopped(), 0, "Stopped.\n"), (CannotStart("No."), 1, ""), (OSError("full"), 1, "")]
)
def test_exit_codes(
    outcome: Exception, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Launcher:
        @staticmethod
        def launch(_interrupts: Interrupts) -> int:
            raise outcome

    monkeypatch.setattr(importlib, "import_module", lambda _name: Launcher)
    assert run.run(Interrupts()) == code
    assert capsys.readouterr().out == said


def test_closed_terminal_is_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def __init__(self) -> None:
            self.file = (tmp_path / "terminal").open("w")

        def write(self, _text: str) -> int:
            raise BrokenPipeError

        def fileno(self) -> int:
            return self.file.fileno()

        def flush(self) -> None:
            """Nothing was written."""

    gone = Gone()
    monkeypatch.setattr("sys.stdout", gone)
    monkeypatch.setattr("sys.stderr", gone)
    speech.say("Is anybody there?")
    speech.complain("Nobody is there.")
    gone.file.close()
