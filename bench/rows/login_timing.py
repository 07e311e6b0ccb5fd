"""Logins that fail, an unknown user and a wrong password by turns, with the hashes of production.

Whether somebody has an account must show neither in the time nor in the answer, apart from its ids and its date.
"""

import re
import statistics
import time

import httpx

from bench.figures import Figure, Scale, exactly, in_ms
from bench.people import new_user
from bench.stack import Layout, Stack, running_stack

# The defaults of settings.example.toml; the other rows make them cheap.
HASHES_OF_PRODUCTION = {"KINOSHELF__AUTH__ARGON2_MEMORY_KIB": "19456", "KINOSHELF__AUTH__ARGON2_ROUNDS": "2"}
MOST_SHARE, MOST_SECONDS = 0.10, 0.005
OWN_HEADERS = {"date", "x-request-id"}
NAMES = {"wrong password": "anna", "unknown user": "nora"}


async def measure(scale: Scale) -> list[Figure]:
    async with running_stack(Layout(workers=0, environment=HASHES_OF_PRODUCTION)) as stack:
        await new_user(stack.address, "anna")
        return await measured(stack, scale.pick(60, 20))


async def measured(stack: Stack, rounds: int) -> list[Figure]:
    seconds: dict[str, list[float]] = {case: [] for case in NAMES}
    looks: dict[str, set[str]] = {case: set() for case in NAMES}
    host, port = stack.address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as http:
        for number in range(rounds):
            for case in sorted(NAMES, reverse=number % 2 == 1):
                started = time.perf_counter()
                answer = await http.post("/login", json={"username": NAMES[case], "password": "wrong password"})
                seconds[case].append(time.perf_counter() - started)
                looks[case].add(look(answer))
    return report(seconds, looks)


def look(answer: httpx.Response) -> str:
    """All of the answer that is not its own."""
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in OWN_HEADERS]
    text = re.sub('"request_id":"[0-9a-f]+"', "", answer.text)
    return f"{answer.status_code} {headers} {text}"


def report(seconds: dict[str, list[float]], looks: dict[str, set[str]]) -> list[Figure]:
    known, unknown = (statistics.median(seconds[case]) for case in NAMES)
    apart, most = abs(known - unknown), max(MOST_SECONDS, MOST_SHARE * max(known, unknown))
    spread = {case: f"{min(in_ms(times)):.0f} to {max(in_ms(times)):.0f} ms" for case, times in seconds.items()}
    return [
        *(
            Figure(f"median, {case} ({spread[case]})", f"{statistics.median(in_ms(seconds[case])):.1f} ms")
            for case in NAMES
        ),
        Figure("apart", f"{apart * 1000:.1f} ms", f"≤ 10 % or 5 ms ({most * 1000:.1f} ms)", apart <= most),
        exactly("kinds of answers, ids and dates aside", len(set.union(*looks.values())), 1),
    ]
