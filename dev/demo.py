"""`make demo`: users with favourites on the running service. Safe to repeat."""

import sys
import time
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from dev.configuration import given_settings
from dev.data import data_folder
from dev.demo_people import PEOPLE, Person
from dev.keys import keep_secret
from dev.ports import web_address
from dev.problems import CannotStart
from shared.settings import Api, InvalidSettings

PATIENCE_SECONDS = 120
POLL_SECONDS = 0.3
ANSWER_SECONDS = 20
SHOWN = 5
RECOMMENDED = 2


@dataclass(frozen=True)
class Visitor:
    """A person who is logged in."""

    person: Person
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def service_address() -> str:
    """Where the service of this configuration listens."""
    try:
        api = Api.model_validate(given_settings().get("api", {}))
    except InvalidSettings as error:
        raise CannotStart(f"The settings cannot be used: {error}") from None
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        raise CannotStart(f"Setting api.{wrong['loc'][0]}: {wrong['msg']}.") from None
    return web_address(api.host, api.port)


def expect(answer: httpx.Response, *statuses: int) -> httpx.Response:
    if answer.status_code in statuses:
        return answer
    problem = answer.json().get("title", "") if "json" in answer.headers.get("content-type", "") else ""
    request = answer.request
    raise CannotStart(f"{request.method} {request.url.path} answered {answer.status_code} {problem}".strip() + ".")


def enter(client: httpx.Client, person: Person, password: str) -> Visitor:
    """Register, or, as somebody who was here before, only log in."""
    account = {"username": person.username, "password": password}
    expect(client.post("/register", json=account), 201, 409)
    answer = client.post("/login", json=account)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise CannotStart(f"{person.username} is registered with another password, from another KINOSHELF_DATA.")
    return Visitor(person, expect(answer, 200).json()["access_token"])


def visit(client: httpx.Client, visitor: Visitor) -> None:
    """Search a little, and keep what one likes. A search may fail: the favourites need none."""
    for query in visitor.person.searches:
        client.get("/movies/search", params={"query": query}, headers=visitor.headers)
    for kinopoisk_id in reversed(visitor.person.favourites):  # the newest is listed first
        body = {"kinopoisk_id": kinopoisk_id}
        expect(client.post("/movies/favorites", json=body, headers=visitor.headers), 202)


def wait_for_details(client: httpx.Client, visitors: list[Visitor], console: Console) -> None:
    """Until no favourite is pending; the worker fetches them one after another."""
    columns = (TextColumn("Details of the films"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    deadline = time.monotonic() + PATIENCE_SECONDS
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=None)
        while True:
            counts = [count_favourites(client, visitor) for visitor in visitors]
            total, pending = (sum(count[key] for count in counts) for key in ("total", "pending"))
            progress.update(bar, total=total, completed=total - pending)
            if not pending:
                return
            if time.monotonic() > deadline:
                raise CannotStart(f"{pending} films have no details yet: is the worker running, is the quota used up?")
            time.sleep(POLL_SECONDS)


def count_favourites(client: httpx.Client, visitor: Visitor) -> dict[str, int]:
    counts: dict[str, int] = expect(client.get("/profile", headers=visitor.headers), 200).json()["favorites"]
    return counts


def show(client: httpx.Client, visitors: list[Visitor], console: Console) -> None:
    for visitor in visitors:
        answer = client.get("/movies/favorites", params={"limit": SHOWN}, headers=visitor.headers)
        table = Table("id", "status", "film", "year", title=visitor.person.username, title_justify="left")
        for item in expect(answer, 200).json()["items"]:
            table.add_row(str(item["kinopoisk_id"]), item["status"], *describe(item["film"]))
        console.print(table)


def recommend(client: httpx.Client, visitors: list[Visitor], console: Console) -> None:
    """What the service makes of everybody's favourites; a little after the first start it is what is popular."""
    table = Table("for", "film", "year", "because", title="Recommendations", title_justify="left")
    for visitor in visitors:
        answer = expect(client.get("/recommendations", params={"limit": RECOMMENDED}, headers=visitor.headers), 200)
        for item in answer.json()["items"]:
            table.add_row(visitor.person.username, *describe(item["film"]), item["reason"]["text"])
    console.print(table)


def describe(film: dict[str, Any] | None) -> tuple[str, str]:
    film = film or {}
    name = film.get("name_ru") or film.get("name_en") or film.get("name_original") or "?"
    return str(name), str(film.get("year") or "")


def demonstrate(address: str, password: str, console: Console, transport: httpx.BaseTransport | None = None) -> None:
    """Raises CannotStart when the service is not there or does not do its part."""
    try:
        with httpx.Client(base_url=address, timeout=ANSWER_SECONDS, trust_env=False, transport=transport) as client:
            visitors = [enter(client, person, password) for person in PEOPLE]
            for visitor in visitors:
                visit(client, visitor)
            wait_for_details(client, visitors, console)
            show(client, visitors, console)
            recommend(client, visitors, console)
    except httpx.TransportError:
        raise CannotStart(f"Nothing answers at {address}; start the service with: make run") from None
    console.print(f"Everybody's password: {password}\nTry it:", highlight=False, soft_wrap=True)
    for path in (f"/movies/favorites?limit={SHOWN}", "/recommendations?genre=comedy"):
        line = f"curl -H 'Authorization: Bearer {visitors[0].token}' '{address}{path}'"
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def main() -> int:
    try:
        demonstrate(service_address(), keep_secret(data_folder() / "demo-password"), Console())
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
