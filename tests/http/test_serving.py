"""How the API is handed to its server; who starts it for others and does not say under which names is told so."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from api.__main__ import serve
from shared.settings import Settings
from tests.conftest import changed


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the server would be told; neither it runs nor what would change this process for good."""
    told: dict[str, Any] = {}
    monkeypatch.setattr("uvicorn.run", lambda _, **options: told.update(options))
    monkeypatch.setattr("api.__main__.spare_the_collector", lambda: None)
    return told


def test_the_server_neither_names_itself_nor_believes_who_forwards(options: dict[str, Any], settings: Settings) -> None:
    serve(settings)
    assert (options["server_header"], options["access_log"], "forwarded_allow_ips" in options) == (False, False, False)


def warnings_of(settings: Settings, **api: Any) -> list[str]:
    with capture_logs() as logged:
        serve(changed(settings, api=api))
    return [entry["event"] for entry in logged if entry["log_level"] == "warning"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "films.example.org"])
def test_a_service_for_others_wants_its_names(settings: Settings, host: str) -> None:
    assert warnings_of(settings, host=host) == ["hosts_not_named"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_loopback_any_name_will_do(settings: Settings, host: str) -> None:
    assert warnings_of(settings, host=host) == []


def test_names_that_are_set_are_enough(settings: Settings) -> None:
    assert warnings_of(settings, host="0.0.0.0", allowed_hosts=("films.example.org",)) == []
