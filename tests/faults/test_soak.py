"""Half an hour of everyday use with a fault a minute: nothing lost, nothing that only grows."""

import os
import random
import time

import pytest
from rich.progress import track

from bench.figures import Figure
from tests.faults.crowd import people_at_work
from tests.faults.endurance import Sample, course, growth, sample
from tests.faults.judgement import judged, show
from tests.faults.service import COMPRESSED, running_service
from tests.faults.strikes import KILLS, OTHERS

pytestmark = pytest.mark.long

MINUTES = int(os.environ.get("SOAK_MINUTES", "30"))
A_SECOND = 50
SAMPLES_A_MINUTE = 4
# The API and the worker that are looked at live on.
SPARED = ("API killed", "worker killed", "both APIs killed", "both workers killed", "all killed")
STRIKES = [strike for name, strike in (KILLS | OTHERS).items() if name not in SPARED]
# Films are refreshed every few minutes, so that workers have work to the end.
REFRESHED = {f"ENRICHMENT__REFRESH_{age}_DAYS": "0.003" for age in ("NEW", "RECENT", "OLD")}
MOST_PERCENT = {"api": 5, "worker": 5, "files": 10, "sessions": 10, "keys": 10}


def test_everyday_use_with_a_fault_a_minute() -> None:
    samples: list[Sample] = []
    with running_service(COMPRESSED | REFRESHED) as service:
        with people_at_work(service, people=10, a_second=A_SECOND, seconds=MINUTES * 20) as crowd:
            for _ in track(range(MINUTES), "minutes"):
                ends = time.monotonic() + 60
                random.choice(STRIKES)(service)
                while time.monotonic() < ends:
                    samples.append(sample(service))
                    time.sleep(60 / SAMPLES_A_MINUTE)
        answered = sum(count for (_, status), count in crowd.book.answers.items() if status)
        show(
            "soak",
            [
                Figure("requests a second", f"{answered / MINUTES / 60:.1f}"),
                *(course(samples, name) for name in MOST_PERCENT),
                *growth(samples, MINUTES * 20, MOST_PERCENT),
                *judged(service, crowd),
            ],
        )
