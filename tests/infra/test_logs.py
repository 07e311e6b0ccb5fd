"""Logs, seen from outside: a process that logs in every way, and what it wrote."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CANARY = "kanarienvogel"
MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"

SPEAKER = """
import asyncio, logging, sys
import httpx, structlog
from shared import logs

logs.configure("api", sys.argv[1], sys.argv[2], [sys.argv[3]])
log = structlog.get_logger()

def crash(password):
    local = password + "-local"
    raise ValueError("not told")

structlog.contextvars.bind_contextvars(request_id="r-1")
log.debug("debug_said")
log.info("film_stored", kinopoisk_id=301, name="Матрица", odd=object, line="a\\nb")
log.warning("warned")
try:
    crash(sys.argv[3])
except ValueError:
    log.exception("crashed")
structlog.contextvars.unbind_contextvars("request_id")
try:
    crash(sys.argv[3])
except ValueError:
    logging.getLogger("library").exception("library crashed")
    try:
        raise ExceptionGroup(sys.argv[3], [ValueError(sys.argv[3])])
    except ExceptionGroup as group:
        group.add_note(sys.argv[3])
        logging.getLogger("library").exception("library crashed twice: %s\\n%s", sys.argv[3], group)
logging.getLogger("library").info("library %s", "said")
logging.getLogger("library").warning("library leaks postgresql://kino:%s@db/kino", sys.argv[3])
for name in ("httpx", "httpcore", "arq.worker", "uvicorn.access"):
    logging.getLogger(name).info("https://kinopoisk.test/?key=%s", sys.argv[3])

async def call():
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as http:
        await http.get("https://kinopoisk.test/?keyword=" + sys.argv[3])

asyncio.run(call())
log.error("last")
"""


def speak(output: str, level: str) -> str:
    """All that the process wrote; its exit code must be 0 and its errors nothing."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", SPEAKER, output, level, CANARY],
        cwd=ROOT,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    return [json.loads(line) for line in speak("json", "info").splitlines()]


@pytest.fixture(scope="module")
def console() -> str:
    return speak("console", "info")


def entry(entries: list[dict[str, Any]], event: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["event"] == event)


def test_every_event_is_one_line_of_json(entries: list[dict[str, Any]]) -> None:
    events = [entry["event"] for entry in entries]
    assert events == [
        "film_stored",
        "warned",
        "crashed",
        "library crashed",
        "library crashed twice: %s",
        "library said",
        "library leaks postgresql://[secret]@db/kino",
        "last",
    ]


def test_every_line_says_when_how_bad_and_who(entries: list[dict[str, Any]]) -> None:
    assert all(re.fullmatch(MOMENT, entry["timestamp"]) for entry in entries)
    assert [entry["level"] for entry in entries] == ["info", "warning", *["error"] * 3, "info", "warning", "error"]
    assert {entry["service"] for entry in entries} == {"api"}


def test_an_event_keeps_its_fields(entries: list[dict[str, Any]]) -> None:
    stored = entry(entries, "film_stored")
    assert (stored["kinopoisk_id"], stored["name"], stored["line"]) == (301, "Матрица", "a\nb")


def test_what_is_bound_stands_in_each_line_until_it_is_unbound(entries: list[dict[str, Any]]) -> None:
    bound = [entry["event"] for entry in entries if entry.get("request_id") == "r-1"]
    assert bound == ["film_stored", "warned", "crashed"]


@pytest.mark.parametrize("event", ["crashed", "library crashed"])
def test_an_exception_is_structured(entries: list[dict[str, Any]], event: str) -> None:
    error = entry(entries, event)["exception"][0]
    assert error["exc_type"] == "ValueError"
    assert error["frames"][-1]["name"] == "crash"


def test_the_exceptions_of_a_group_are_told(entries: list[dict[str, Any]]) -> None:
    group, *_ = entry(entries, "library crashed twice: %s")["exception"]
    assert [[each["exc_type"] for each in trace] for trace in group["exceptions"]] == [["ValueError"]]


def test_no_line_of_json_holds_the_text_of_an_exception(entries: list[dict[str, Any]]) -> None:
    assert "not told" not in json.dumps(entries)


def test_no_line_of_json_holds_a_local_variable_or_an_address(entries: list[dict[str, Any]]) -> None:
    assert CANARY not in json.dumps(entries)


def test_no_line_for_people_holds_a_local_variable_or_an_address(console: str) -> None:
    assert CANARY not in console


def test_lines_for_people_are_readable(console: str) -> None:
    assert re.search(r"film_stored .*name=Матрица", re.sub(r"\x1b\[[0-9;]*m", "", console))
    assert "ValueError: not told" in console


def test_auto_means_json_where_nobody_watches() -> None:
    assert all(line.startswith("{") for line in speak("auto", "info").splitlines())


def test_the_level_holds_for_libraries_too() -> None:
    events = [json.loads(line)["event"] for line in speak("json", "error").splitlines()]
    assert events == ["crashed", "library crashed", "library crashed twice: %s", "last"]


def test_at_debug_level_addresses_are_still_not_told() -> None:
    told = speak("json", "debug")
    assert "debug_said" in told
    assert CANARY not in told


FOR_GOOD = """
import structlog
from shared import logs

log = structlog.get_logger()
logs.configure("api", "json", lasting=True)
log.info("said")
logs.configure("other", "json", "error")
log.info("said again", level="loud")
"""


def test_what_lasts_is_not_configured_anew() -> None:
    told = subprocess.run([sys.executable, "-c", FOR_GOOD], cwd=ROOT, capture_output=True, check=True)
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(line["service"], line["level"], line["event"]) for line in lines] == [
        ("api", "info", "said"),
        ("api", "info", "said again"),
    ]


FOR_NOBODY = """
import sys, structlog
from shared import logs

logs.configure("api", "json")
structlog.get_logger().info("said")
sys.stderr.write("went on")
"""


IN_ALL_LETTERS = """
import structlog
from shared import logs

logs.configure("api", "json")
structlog.get_logger().info("said", name="Матрица \\x85 \\u2028 \\x9b31m")
"""


def test_a_line_is_in_ascii_whatever_stdout_takes() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    told = subprocess.run(
        [sys.executable, "-c", IN_ALL_LETTERS], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert json.loads(told.stdout.decode("ascii"))["name"] == "Матрица \x85 \u2028 \x9b31m"


def test_what_cannot_be_written_stops_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", FOR_NOBODY]
        process = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert b"went on" in process.stderr
