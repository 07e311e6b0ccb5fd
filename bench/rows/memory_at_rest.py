"""Memory of API, worker, PostgreSQL and Valkey after the start, with nothing to do: proportional set size of all.

Proportional: pages that processes share are counted once over their sharers. The sandbox is no part of the service.
"""

import asyncio

from bench.figures import Figure, Scale
from bench.process_tree import memory
from bench.stack import running_stack

MOST_MB = 350
OUTSIDE = "sandbox"


async def measure(scale: Scale) -> list[Figure]:
    async with running_stack() as stack:
        await asyncio.sleep(scale.pick(15, 6))  # three sweeps, or one
        held = {name: memory(child.process.pid) for name, child in stack.children.items()}
    beside = held.pop(OUTSIDE)
    total = sum(each.proportional for each in held.values())
    resident = sum(each.resident for each in held.values())
    return [
        *(Figure(name, f"{each.proportional:.0f} MB") for name, each in held.items()),
        Figure("the whole service", f"{total:.0f} MB", f"< {MOST_MB} MB", total < MOST_MB),
        Figure("the same, shared pages counted in full (RSS)", f"{resident:.0f} MB"),
        Figure("beside it: the sandbox", f"{beside.proportional:.0f} MB"),
    ]
