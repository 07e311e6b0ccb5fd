"""Anything that people, workers and their troubles may do, in any order: the service is held against its model.

Short and always the same here; `make test-model` takes longer and another way each time.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from dev.sandbox.server import RunningSandbox
from dev.testing import Servers
from shared.settings import Settings
from tests.conftest import GENEROUS_LIMITS, KEY, SECRET
from tests.model.machine import Kinoshelf
from tests.model.model import DAILY_LIMIT, MOST_ATTEMPTS, MOST_FAVOURITES, MOST_HIDDEN, SCARCE, SESSION_DAYS
from tests.model.world import World, open_world

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "15"))
STEPS = int(os.environ.get("MODEL_STEPS", "40"))
SEED = os.environ.get("MODEL_SEED")
HOUR = 3_600


@pytest.fixture
def world(migrated: Servers) -> Iterator[World]:
    def settings_for(sandbox: RunningSandbox) -> Settings:
        return made(migrated, sandbox)

    with open_world(migrated, settings_for) as opened:
        yield opened


def made(servers: Servers, sandbox: RunningSandbox) -> Settings:
    """Small limits, so that they are met; pauses that no example outlasts and a day does; nothing that slows."""
    rates: dict[str, Any] = {"rate_per_second": 10_000, "burst": 1_000, "calls_at_once": 50, "deadline_seconds": 4}
    return Settings.model_validate(
        {
            "auth": {
                "jwt_keys": [{"id": "test", "secret": SECRET}],
                "argon2_memory_kib": 8,
                "argon2_rounds": 1,
                "token_lifetime_days": SESSION_DAYS,
            },
            "postgres": {"url": servers.postgres.url},
            "redis": {"url": servers.redis.url, "timeout_seconds": 5, "skip_seconds": 0.01},
            "kinopoisk": {"base_url": sandbox.url, "api_key": KEY, "rate_without_redis": 1_000, **rates},
            "budget": {"daily_limit": DAILY_LIMIT, "refresh_ceiling": SCARCE / DAILY_LIMIT},
            "limits": {
                **GENEROUS_LIMITS,
                "favorites_per_user": MOST_FAVOURITES,
                "hidden_per_user": MOST_HIDDEN,
                "refreshes_per_user_hour": 1_000,
            },
            "catalogue": {"enabled": False},
            "recommendations": {"rebuild": False},
            "enrichment": {
                "max_attempts": MOST_ATTEMPTS,
                "lease_seconds": HOUR,
                "retry_base_seconds": HOUR,
                "quota_pause_seconds": HOUR,
                "refused_pause_seconds": HOUR,
                "refused_pause_cap_seconds": HOUR,
                "too_fast_pause_seconds": HOUR,
                "too_fast_pause_cap_seconds": HOUR,
                "broken_pause_seconds": HOUR,
                "broken_pause_cap_seconds": HOUR,
            },
        }
    )


def test_the_service_keeps_to_its_model(world: World) -> None:
    class Machine(Kinoshelf):
        def __init__(self) -> None:
            super().__init__(world)

    profile = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=SEED is None,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    run_state_machine_as_test(seed(int(SEED))(Machine) if SEED else Machine, settings=profile)
