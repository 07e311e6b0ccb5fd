"""Each fault by itself, three times over, while people go on."""

import pytest

from tests.faults.crowd import people_at_work
from tests.faults.judgement import judged, show
from tests.faults.service import Service
from tests.faults.strikes import KILLS, OTHERS, a_while

pytestmark = pytest.mark.long

TIMES = 3


@pytest.mark.parametrize("name", [*KILLS, *OTHERS])
def test_nothing_is_lost_by_one_fault(service: Service, name: str) -> None:
    strike = (KILLS | OTHERS)[name]
    with people_at_work(service, people=4, a_second=40, seconds=TIMES * 5) as crowd:
        for _ in range(TIMES):
            a_while()
            strike(service)
        a_while()
    show(name, judged(service, crowd))
