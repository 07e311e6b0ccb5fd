"""Requests a second for recommendations that are kept in Redis, beside the list of 20 favourites of the same people.

By turns, every 200 requests, four clients, one API process. A list is made anew when the model or its trend changes.
"""

import statistics

from rich.progress import track

from bench.figures import Figure, Scale, spread
from bench.people import User, expected
from bench.process_tree import memory
from bench.shelves import WITH_CATALOGUE, readers
from bench.stack import running_stack
from bench.turns import Kind, by_turns

CLIENTS = 4
SHELF = 20
LEAST_RATIO = 0.8
MOST_MB = 120


async def measure(scale: Scale) -> list[Figure]:
    rounds, slices = scale.pick(7, 3), scale.pick(5, 2)
    async with running_stack(WITH_CATALOGUE) as stack:
        users = await readers(stack, CLIENTS, SHELF)
        pair = (
            Kind("favourites", 200, users, lambda user: user.favourites(SHELF)),
            Kind("recommendations", 200, users, lambda user: user.recommendations()),
        )
        strategies = {(await listed(user))["strategy"] for user in users}
        made = [(await listed(user))["generated_at"] for user in users]
        paces = [await by_turns(pair, slices, first=number % 2) for number in track(range(rounds + 1), "rounds")][1:]
        anew = sum([(await listed(user))["generated_at"] != before for user, before in zip(users, made, strict=True)])
        held = {name: memory(stack.children[name].process.pid).resident for name in stack.parts}
    ratios = [recommendations / favourites for favourites, recommendations in paces]
    ratio = statistics.median(ratios)
    return [
        Figure("strategies of the lists", ", ".join(strategies)),
        Figure(f"GET /movies/favorites, {SHELF} of them", spread([pace[0] for pace in paces], "/s")),
        Figure("GET /recommendations, kept", spread([pace[1] for pace in paces], "/s")),
        Figure("the second to the first", spread(ratios, "times"), f"≥ {LEAST_RATIO}", ratio >= LEAST_RATIO),
        Figure("lists of the four that were made anew meanwhile", f"{anew}"),
        *(
            Figure(f"resident memory of the {name} afterwards", f"{mb:.0f} MB", f"≤ {MOST_MB} MB", mb <= MOST_MB)
            for name, mb in held.items()
        ),
    ]


async def listed(user: User) -> dict[str, str]:
    return dict(expected(await user.recommendations(), 200).json())
