"""Pages of favourites deep in a list of 5,000 and of 1,000, beside the list of somebody who has just one page of them.

Pages of 20 and of 100. One API process, four clients; rounds of each kind alternate, and the ratio is that of the 95th
percentiles of a round.
"""

from rich.progress import track

from bench.copies import store_copies, store_favourites
from bench.crowd import crowd
from bench.figures import Figure, Scale, in_ms, percentile, ratio, spread
from bench.load import Answer
from bench.people import User, expected
from bench.stack import Layout, Stack, running_stack
from bench.turns import Kind, in_turn, latencies_of

CLIENTS = 4
PAGES = (20, 100)
LENGTHS = (*PAGES, 1_000, 5_000)
# Where in the list the page lies that is asked for.
DEPTH = 0.9
MOST_RATIO = 1.3


async def measure(scale: Scale) -> list[Figure]:
    rounds, requests = scale.pick(9, 5), scale.pick(400, 100)
    figures = []
    async with running_stack(Layout(workers=0)) as stack:
        await store_copies(stack, max(LENGTHS))
        people = {length: await owners(stack, length) for length in LENGTHS}
        for page in PAGES:
            lengths = (page, *LENGTHS[len(PAGES) :])
            kinds = [await deep_page(people[length], length, page) for length in lengths]
            figures += compared(page, await percentiles(kinds, rounds, requests))
    return figures


async def owners(stack: Stack, length: int) -> list[User]:
    """Users with so many favourites each."""
    name = f"has{length}-"
    users = await crowd(stack, CLIENTS, name)
    await store_favourites(stack, name, length, max(LENGTHS))
    return users


async def deep_page(users: list[User], length: int, page: int) -> Kind:
    """The page that begins at this depth; of a list of one page the first."""
    name = f"{length:,} favourites"
    if length == page:
        return Kind(name, 200, users, lambda user: user.favourites(page))
    found = await users[0].favourites(100)
    for _ in range(int(length * DEPTH) // 100 - 1):
        found = await users[0].page(100, cursor_behind(found))
    cursor = cursor_behind(found)
    return Kind(name, 200, users, lambda user: user.page(page, cursor))


def cursor_behind(page: Answer) -> str:
    return str(expected(page, 200).json()["next_cursor"])


async def percentiles(kinds: list[Kind], rounds: int, requests: int) -> dict[str, list[float]]:
    """Of each kind the p95 of each round, in milliseconds; a first round only warms up."""
    found: dict[str, list[float]] = {kind.name: [] for kind in kinds}
    for number in track(range(rounds + 1), "rounds"):
        for place in in_turn(len(kinds), number % len(kinds)):
            seconds = await latencies_of(kinds[place], range(requests))
            found[kinds[place].name].append(percentile(in_ms(seconds), 0.95))
    return {name: values[1:] for name, values in found.items()}


def compared(page: int, found: dict[str, list[float]]) -> list[Figure]:
    [short, *longer] = found
    figures = [Figure(f"page of {page}: {name}, p95", spread(values, "ms")) for name, values in found.items()]
    for name in longer:
        ratios = [deep / first for deep, first in zip(found[name], found[short], strict=True)]
        figures.append(ratio(f"page of {page}: {name} ÷ {short}", ratios, most=MOST_RATIO))
    return figures
