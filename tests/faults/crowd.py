"""Many people at once, for as long as a scenario lasts; and those who only come and go."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from bench.crowd import crowd
from bench.load import Answer, Connection
from bench.people import PASSWORD, films
from tests.faults.people import Book, Person
from tests.faults.service import Service

HANDS = 2
# One page holds them all.
FILMS_OF_ONE = 100
COME_AND_GO_SECONDS = 0.5


@dataclass
class Crowd:
    """Who was there, what they saw, and the tokens that are dead because somebody was told so."""

    book: Book = field(default_factory=Book)
    people: list[Person] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    logged_out: list[str] = field(default_factory=list)
    over: bool = False
    # Several crowds may come to one service.
    name: str = field(default_factory=lambda: f"crowd-{secrets.token_hex(4)}")


@contextmanager
def people_at_work(service: Service, people: int, a_second: float, seconds: float) -> Iterator[Crowd]:
    """Each user on two connections at once, with films that others want too: so many requests a second in all.

    They come to know their last film after so many seconds, and stay until the end.
    """
    present = Crowd()
    at_work = service.background.start(_gather(service, present, people, (a_second, seconds)))
    try:
        service.until(lambda: present.people or at_work.done(), what="the people")
        yield present
    finally:
        present.over = True
        at_work.result(60)


async def _gather(service: Service, present: Crowd, people: int, pace: tuple[float, float]) -> None:
    a_second, seconds = pace
    users, ids = await crowd(service.stack, people, present.name), films()
    pool = [next(ids) for _ in range(FILMS_OF_ONE * max(people // 2, 1))]
    for number, user in enumerate(users):
        first = number * FILMS_OF_ONE // 2 % len(pool)
        mine = (pool * 2)[first : first + FILMS_OF_ONE]
        token = user.header.rpartition(" ")[2]
        for hand in range(HANDS):
            doors = service.doors[:: -1 if hand else 1]
            present.people.append(Person(f"user {number}", token, doors, mine, present.book))
    await asyncio.gather(
        *(person.live(len(present.people) / a_second, seconds, lambda: present.over) for person in present.people),
        _come_and_go(service, present),
    )


async def _come_and_go(service: Service, present: Crowd) -> None:
    """Register, log in, log out; remember what was acknowledged."""
    for number in count():
        if present.over:
            return
        began = time.monotonic()
        guest = Person(name := f"{present.name}-guest{number}", "", service.doors, (), present.book)
        credentials = {"username": name, "password": PASSWORD}
        if _is(201, await guest.ask("register", "POST", "/register", credentials)):
            present.accounts.append(name)
            login = await guest.ask("login", "POST", "/login", credentials)
            if login and login.status == 200:
                await _log_out(service, present, login.json()["access_token"])
        guest.leave()
        await asyncio.sleep(max(began + COME_AND_GO_SECONDS - time.monotonic(), 0))


async def _log_out(service: Service, present: Crowd, token: str) -> None:
    person = Person("somebody", token, service.doors, (), present.book)
    if _is(204, await person.ask("logout", "POST", "/logout")):
        present.logged_out.append(token)
    person.leave()


def _is(status: int, answer: Answer | None) -> bool:
    return answer is not None and answer.status == status


async def still_valid(service: Service, tokens: list[str]) -> int:
    """Of these tokens."""
    valid = 0
    for token in tokens:
        connection = Connection(*service.stack.address, f"Authorization: Bearer {token}")
        valid += (await connection.send("GET", "/profile")).status != 401
        connection.close()
    return valid


async def locked_out(service: Service, names: list[str]) -> int:
    """Of these accounts."""
    refused = 0
    for name in names:
        connection = Connection(*service.stack.address)
        answer = await connection.send("POST", "/login", {"username": name, "password": PASSWORD})
        refused += answer.status != 200
        connection.close()
    return refused
