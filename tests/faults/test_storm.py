"""Everything that may go wrong, in any order, while people go on: nothing acknowledged is lost."""

import random
from collections.abc import Iterator

from rich.progress import Progress

from tests.faults.crowd import Crowd, people_at_work
from tests.faults.judgement import judged, show
from tests.faults.scale import Scale
from tests.faults.service import Service
from tests.faults.strikes import KILLS, OTHERS, Strike

UPSTREAM_SECONDS = 0.15
LONG_KILLS = 210
EVERY = KILLS | OTHERS
# One of each kind, where there is no time for more.
SHORT = ("all killed", "Redis flushed", "PostgreSQL killed", "bad network from people to one API", "Redis killed")


def test_nothing_is_lost_whatever_is_killed_or_cut_off(service: Service, scale: Scale) -> None:
    service.background.wait(service.stack.upstream.answer_after(UPSTREAM_SECONDS))
    seconds = LONG_KILLS * 3 if scale.long else 20
    with people_at_work(service, people=10, a_second=40, seconds=seconds) as crowd:
        for strike in until_killed_enough(service) if scale.long else [EVERY[name] for name in SHORT]:
            seen = crowd.book.acknowledged
            strike(service)
            until_people_go_on(service, crowd, seen)
    show("storm", judged(service, crowd))


def until_people_go_on(service: Service, crowd: Crowd, seen: int) -> None:
    """Some more of what they did was acknowledged."""
    service.until(lambda: crowd.book.acknowledged > seen + 10, what="people go on")


def until_killed_enough(service: Service) -> Iterator[Strike]:
    with Progress() as progress:
        task = progress.add_task("kills", total=LONG_KILLS)
        while service.kills < LONG_KILLS:
            yield random.choice(list(KILLS.values()))
            yield random.choice(list(OTHERS.values()))
            progress.update(task, completed=service.kills)
