"""Everything that may go wrong, in any order, while people go on: nothing acknowledged is lost."""

import random
import time

from tests.faults.crowd import people_at_work
from tests.faults.judgement import judged, show
from tests.faults.scale import Scale
from tests.faults.service import Service
from tests.faults.strikes import KILLS, OTHERS, Strike

UPSTREAM_SECONDS = 0.15


def test_nothing_is_lost_whatever_is_killed_or_cut_off(service: Service, scale: Scale) -> None:
    kills = scale.pick(long=210, short=8)
    service.background.wait(service.stack.upstream.answer_after(UPSTREAM_SECONDS))
    with people_at_work(service, people=10, a_second=40, seconds=kills * 2) as crowd:
        while service.kills < kills:
            for strike in (any_of(KILLS), any_of(OTHERS)):
                strike(service)
                time.sleep(random.uniform(0.1, 0.5))
    show("storm", judged(service, crowd))


def any_of(strikes: dict[str, Strike]) -> Strike:
    return random.choice(list(strikes.values()))
