"""Whatever goes wrong at Kinopoisk: people list favourites all the time while others add new films and search.

Each fault strikes for a round, right after a quiet round that it is compared with. When it ends nobody does anything:
what waits must become ready by itself. One API, one worker, a day compressed.
"""

from collections.abc import Iterator

from rich.progress import track

from bench import troubles
from bench.compressed import Day
from bench.crowd import crowd
from bench.fault_rounds import PATIENCE_SECONDS, Crew, Round, until_none_pending
from bench.figures import Figure, Scale, at_most, exactly, in_ms, percentile
from bench.people import films
from bench.stack import Layout, running_stack
from bench.troubles import TROUBLES, Trouble

# The quota that is no hindrance, as long as no fault takes it away.
DAY = Day(600, 100_000, call_seconds=4)
QUIET_SECONDS = 6
CREW = 10
LARGEST_RATIO = 1.5
LEAST_FALL = 0.9
MOST_BEYOND = 2


async def measure(scale: Scale) -> list[Figure]:
    quiet_seconds = scale.pick(QUIET_SECONDS, 4)
    figures = [DAY.figure]
    async with running_stack(Layout(environment=DAY.environment, sandbox=DAY.sandbox)) as stack:
        crew = Crew(stack, await crowd(stack, CREW), films())
        await crew.furnish()
        await crew.work(2)  # connections open, statements prepared
        for trouble in track(TROUBLES, "faults"):
            await until_none_pending(stack)
            await stack.upstream.forget()
            quiet = await crew.work(quiet_seconds)
            await until_none_pending(stack)
            during = await crew.work(trouble.seconds, trouble.strike)
            await troubles.end(stack, DAY.quota, DAY.seconds)
            seconds = await until_none_pending(stack)
            figures += [*report(trouble, quiet, during), recovery(trouble, during, seconds)]
    return figures


def report(trouble: Trouble, quiet: Round, during: Round) -> Iterator[Figure]:
    name = trouble.name
    calm, troubled = (percentile(in_ms(each.lists), 0.95) for each in (quiet, during))
    shown = f"{troubled / calm:.2f} times ({calm:.1f} ms, {troubled:.1f} ms of {len(during.lists)})"
    yield at_most(f"{name}: list p95, to quiet", troubled / calm, LARGEST_RATIO, "times", shown)
    yield calls_behind_the_gate(name, quiet, during)
    if trouble.refusal:
        yield exactly(f"{name}: attempts lost by {during.pending} waiting films, most", during.attempts, 0)
    else:
        yield Figure(f"{name}: attempts of {during.pending} waiting films, most", f"{during.attempts}")
    yield exactly(f"{name}: films failed", during.failed, 0)
    if trouble is troubles.QUOTA:
        yield calls_after_the_first_402(during)


def calls_behind_the_gate(name: str, quiet: Round, during: Round) -> Figure:
    before, behind = quiet.calls_a_second, during.calls_a_second_behind_the_gate
    fall = 1 - behind / before
    gate = f"closed after {during.gate_closed - during.began:.1f} s" if during.gate_closed else "stayed open"
    shown = f"{fall:.0%} ({before:.1f} to {behind:.2f} calls/s; gate {gate})"
    return Figure(f"{name}: calls/s fall, probes included", shown, f"≥ {LEAST_FALL:.0%}", fall >= LEAST_FALL)


def calls_after_the_first_402(during: Round) -> Figure:
    """Until the first probe is due."""
    refused = [call for call in during.calls if call.status == 402]
    pause = float(DAY.environment["KINOSHELF__ENRICHMENT__QUOTA_PAUSE_SECONDS"])
    beyond = sum(call.at < refused[0].at + pause for call in refused[1:]) if refused else 0
    name = f"402: calls after the first of them, within the pause of {pause:g} s"
    return Figure(name, str(beyond), f"≤ {MOST_BEYOND}", bool(refused) and beyond <= MOST_BEYOND)


def recovery(trouble: Trouble, during: Round, seconds: float) -> Figure:
    name = f"{trouble.name}: {during.pending} waiting films all ready after"
    return at_most(name, seconds, PATIENCE_SECONDS, "s")
