"""A client of Kinopoisk, and a Kinopoisk without a network."""

from collections.abc import AsyncIterator, Iterator

import pytest
import respx

from shared.kinopoisk.client import KinopoiskClient
from tests.upstream.bodies import BASE_URL, client_of


@pytest.fixture
def upstream() -> Iterator[respx.MockRouter]:
    """What httpx reaches instead of a network."""
    with respx.mock(base_url=BASE_URL, assert_all_called=False) as router:
        yield router


@pytest.fixture
async def kinopoisk() -> AsyncIterator[KinopoiskClient]:
    client = client_of()
    yield client
    await client.close()
