"""Who can write to Redis can run nothing here: what is no JSON is no job."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from dev.testing import Servers
from tests.client import eventually


class Harm:
    """Whoever unpickles it makes this file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.file,)


@pytest.mark.usefixtures("worker")
async def test_a_pickle_in_the_queue_is_thrown_away_unread(servers: Servers, tmp_path: Path) -> None:
    harm = tmp_path / "harm"
    with Redis.from_url(servers.redis.url) as redis:
        redis.set("arq:job:evil", pickle.dumps({"t": 1, "f": "wake", "a": (Harm(harm),), "k": {}, "et": 0}))
        redis.zadd("arq:queue", {"evil": 1})

        async def gone() -> bool:
            return not redis.exists("arq:job:evil")

        await eventually(gone)
    assert not harm.exists()
    pickle.loads(pickle.dumps(Harm(harm)))
    assert harm.exists(), "it would have been seen"
