"""The walk of README.md, run as it stands by a shell against a real server."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn

from api.main import create_app
from shared.settings import Settings
from tests.client import eventually

README = (Path(__file__).parents[2] / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8000"


def walk() -> list[str]:
    """The shell blocks of the section with the walk."""
    section = README.partition("## A walk with curl")[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


@asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[str]:
    """The API on a free port."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None))
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def run(script: str) -> str:
    """What the script prints; it must succeed."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await shell.communicate()
    assert shell.returncode == 0, said
    return said.decode()


@pytest.mark.usefixtures("database", "worker")
async def test_the_walk_shows_what_it_promises(settings: Settings) -> None:
    register, login, search, add, list_, status, recommend, genres, hide, data, leave = walk()
    wait = "until " + list_.strip() + " | grep -q ready; do sleep 0.1; done\n"
    wait += "until curl -s http://127.0.0.1:8000/recommendations | grep -q score; do sleep 0.1; done\n"
    async with listening(settings) as address:
        script = register + login + search + add + wait + list_ + status + recommend + genres + hide + data + leave
        said = await run(script.replace(ADDRESS, address))
    assert '"username":"anna"' in said
    assert '"upstream_calls":[' in said
    assert "41519 Брат 1997\n41520 Брат 2 2000\n" in said
    assert "HTTP/1.1 202 Accepted" in said
    assert '"status":"ready"' in said
    assert '"gate":{"state":"open"' in said
    assert " - Популярно: драма\n" in said
    assert said.count('[{"id":24,"slug":"anime","name_ru":"аниме"') == 1
    assert '{"items":[{"kinopoisk_id":41520,"hidden_at":' in said
    assert '"film":{"kinopoisk_id":41520,"imdb_id":null,"detail":"summary","type":"FILM","name_ru":"Брат 2"' in said
