"""The client against the sandbox over HTTP: one test a kind of fault."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dev.sandbox.server import RunningSandbox
from shared.kinopoisk import errors
from shared.kinopoisk.client import KinopoiskClient, parse
from shared.kinopoisk.models import Film
from tests.upstream.bodies import client_of

FAULTS: list[tuple[dict[str, Any], type[errors.KinopoiskError]]] = [
    ({"kind": "hang"}, errors.KinopoiskUnavailable),
    ({"kind": "drip", "seconds": 0.02}, errors.KinopoiskUnavailable),
    ({"kind": "latency", "seconds": 5}, errors.KinopoiskUnavailable),
    ({"kind": "drop"}, errors.KinopoiskUnavailable),
    ({"kind": "reset_mid_body"}, errors.KinopoiskUnavailable),
    ({"kind": "html"}, errors.KinopoiskUnavailable),
    ({"kind": "html", "status": 504}, errors.KinopoiskUnavailable),
    ({"kind": "redirect"}, errors.KinopoiskUnavailable),
    ({"kind": "gzip_bomb"}, errors.MalformedAnswer),
    ({"kind": "garbage"}, errors.MalformedAnswer),
    ({"kind": "empty"}, errors.MalformedAnswer),
    ({"kind": "bad_utf8"}, errors.MalformedAnswer),
    ({"kind": "surrogate"}, errors.MalformedAnswer),
    ({"kind": "wrong_types", "path": "film"}, errors.MalformedAnswer),
    ({"kind": "status", "status": 401}, errors.KeyRefused),
    ({"kind": "status", "status": 402}, errors.QuotaExhausted),
    ({"kind": "status", "status": 403}, errors.KeyRefused),
    ({"kind": "status", "status": 429}, errors.TooFast),
    ({"kind": "status", "status": 429, "body": "empty"}, errors.TooFast),
    ({"kind": "status", "status": 500}, errors.KinopoiskUnavailable),
    ({"kind": "status", "status": 500, "body": "empty"}, errors.KinopoiskUnavailable),
]
NAMES = [" ".join(str(value) for value in fault.values()) for fault, _ in FAULTS]


# These end only by the deadline; to all others it must not matter, however busy the machine.
ENDLESS = {"hang", "drip", "latency"}


@pytest.fixture
def fault() -> dict[str, Any]:
    """None, where a test is not about one of these."""
    return {"kind": "none"}


@pytest.fixture
async def kinopoisk(sandbox: RunningSandbox, fault: dict[str, Any]) -> AsyncIterator[KinopoiskClient]:
    client = client_of(sandbox.url, "sandbox-key", deadline=0.4 if fault["kind"] in ENDLESS else 10)
    yield client
    await client.close()


@pytest.mark.parametrize(("fault", "kind"), FAULTS, ids=NAMES)
async def test_a_film_under_this_fault_is_an_error_of_its_kind_in_time(
    sandbox: RunningSandbox,
    kinopoisk: KinopoiskClient,
    fault: dict[str, Any],
    kind: type[errors.KinopoiskError],
    alarms: list[str],
) -> None:
    await sandbox.fault(**fault)
    async with asyncio.timeout(15):
        with pytest.raises(errors.KinopoiskError) as caught:
            await kinopoisk.film(301)
    assert caught.type is kind
    assert alarms == ["upstream-malformed"] * (kind is errors.MalformedAnswer)


@pytest.mark.parametrize(
    ("fault", "kind"), [row for row in FAULTS if row[0]["kind"] != "wrong_types"], ids=NAMES[:13] + NAMES[14:]
)
async def test_a_search_under_this_fault_is_an_error_of_its_kind_in_time(
    sandbox: RunningSandbox, kinopoisk: KinopoiskClient, fault: dict[str, Any], kind: type[errors.KinopoiskError]
) -> None:
    await sandbox.fault(**fault)
    async with asyncio.timeout(15):
        with pytest.raises(errors.KinopoiskError) as caught:
            await kinopoisk.search("матрица", 1)
    assert caught.type is kind


async def test_a_page_of_nothing_but_wrong_types_is_malformed(
    sandbox: RunningSandbox, kinopoisk: KinopoiskClient
) -> None:
    await sandbox.fault("wrong_types")
    with pytest.raises(errors.MalformedAnswer):
        await kinopoisk.search("матрица", 1)


async def test_nulls_leave_a_film_with_its_id(sandbox: RunningSandbox, kinopoisk: KinopoiskClient) -> None:
    await sandbox.fault("nulls")
    film = parse(Film, await kinopoisk.film(301))
    assert (film.kinopoisk_id, film.name_ru, film.rating_kinopoisk) == (301, None, None)


async def test_nulls_leave_the_items_of_a_search(sandbox: RunningSandbox, kinopoisk: KinopoiskClient) -> None:
    whole = await kinopoisk.search("матрица", 1)
    await sandbox.fault("nulls")
    bare = await kinopoisk.search("матрица", 1)
    assert [item.film.kinopoisk_id for item in bare.films] == [item.film.kinopoisk_id for item in whole.films]


async def test_an_unknown_type_and_genre_are_kept(sandbox: RunningSandbox, kinopoisk: KinopoiskClient) -> None:
    await sandbox.fault("unknown_enum")
    film = parse(Film, await kinopoisk.film(301))
    assert (film.type, film.genres[-1].genre) == ("HOLOGRAM", "киберпанк")


async def test_a_null_byte_in_a_name_does_not_reach_us(sandbox: RunningSandbox, kinopoisk: KinopoiskClient) -> None:
    await sandbox.fault("null_bytes")
    body = await kinopoisk.film(301)
    film = parse(Film, body)
    assert film.name_ru == "Матрица"
    assert "\x00" not in body


async def test_an_unknown_film_is_unknown(sandbox: RunningSandbox, kinopoisk: KinopoiskClient) -> None:
    await sandbox.remove_film(301)
    with pytest.raises(errors.FilmUnknown):
        await kinopoisk.film(301)


async def test_a_wrong_key_is_refused(sandbox: RunningSandbox) -> None:
    kinopoisk = client_of(sandbox.url, "another-key")
    with pytest.raises(errors.KeyRefused):
        await kinopoisk.film(301)
    await kinopoisk.close()


async def test_after_any_fault_the_next_call_works(sandbox: RunningSandbox, kinopoisk: KinopoiskClient) -> None:
    """None of them leaves a broken connection, or a taken one, behind."""
    sandbox.options.rate = 0
    for fault, _ in FAULTS:
        await sandbox.fault(**fault)
        await asyncio.gather(kinopoisk.film(301), return_exceptions=True)
        await sandbox.clear()
    film = parse(Film, await kinopoisk.film(301))
    assert film.kinopoisk_id == 301
