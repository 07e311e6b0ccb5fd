"""Single flight: equal wishes share one task, and nobody who leaves or fails harms another."""

import asyncio

import pytest

from shared.flights import Flights


class Runway:
    """A flight that lasts until it is let go, and counts its starts."""

    def __init__(self, error: Exception | None = None) -> None:
        self.starts = 0
        self.started = asyncio.Event()
        self.let_go = asyncio.Event()
        self._error = error

    async def __call__(self) -> int:
        self.starts += 1
        self.started.set()
        await self.let_go.wait()
        if self._error:
            raise self._error
        return self.starts


async def joined(flights: Flights[int], runway: Runway, count: int, key: str = "a") -> list[asyncio.Task[int]]:
    """So many callers on board."""
    callers = [asyncio.create_task(flights.join(key, runway)) for _ in range(count)]
    await runway.started.wait()
    return callers


async def test_equal_wishes_start_one_flight() -> None:
    flights, runway = Flights[int](), Runway()
    callers = await joined(flights, runway, 50)
    runway.let_go.set()
    assert await asyncio.gather(*callers) == [1] * 50


async def test_other_wishes_fly_by_themselves() -> None:
    flights, first, second = Flights[int](), Runway(), Runway()
    callers = await joined(flights, first, 1, "a") + await joined(flights, second, 1, "b")
    first.let_go.set()
    second.let_go.set()
    await asyncio.gather(*callers)
    assert (first.starts, second.starts) == (1, 1)


async def test_a_wish_after_the_landing_flies_again() -> None:
    flights, runway = Flights[int](), Runway()
    runway.let_go.set()
    assert [await flights.join("a", runway), await flights.join("a", runway)] == [1, 2]


async def test_a_caller_that_leaves_stops_no_other() -> None:
    flights, runway = Flights[int](), Runway()
    first, second = await joined(flights, runway, 2)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    runway.let_go.set()
    assert await second == 1


async def test_a_flight_that_everybody_left_still_lands_and_is_forgotten() -> None:
    flights, runway = Flights[int](), Runway()
    (caller,) = await joined(flights, runway, 1)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    runway.let_go.set()
    await flights.land(5)
    assert await flights.join("a", runway) == 2


async def test_an_error_reaches_everybody_on_board() -> None:
    flights, runway = Flights[int](), Runway(ValueError("lost"))
    callers = await joined(flights, runway, 3)
    runway.let_go.set()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3


async def test_an_error_is_not_kept_for_those_who_come_later() -> None:
    flights, broken, sound = Flights[int](), Runway(ValueError("lost")), Runway()
    broken.let_go.set()
    sound.let_go.set()
    with pytest.raises(ValueError, match="lost"):
        await flights.join("a", broken)
    assert await flights.join("a", sound) == 1


async def test_an_error_that_nobody_waited_for_is_not_reported_as_forgotten() -> None:
    reported: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(context))
    try:
        flights, runway = Flights[int](), Runway(ValueError("lost"))
        (caller,) = await joined(flights, runway, 1)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        runway.let_go.set()
        await flights.land(5)
        await asyncio.sleep(0)
    finally:
        loop.set_exception_handler(None)
    assert reported == []


async def test_landing_waits_for_all_and_raises_nothing() -> None:
    flights, broken, sound = Flights[int](), Runway(ValueError("lost")), Runway()
    callers = await joined(flights, broken, 1, "a") + await joined(flights, sound, 1, "b")
    landing = asyncio.create_task(flights.land(5))
    await asyncio.sleep(0)
    assert not landing.done()
    broken.let_go.set()
    sound.let_go.set()
    await landing
    assert [task.done() for task in callers] == [True, True]
    await asyncio.gather(*callers, return_exceptions=True)


async def test_landing_with_nothing_in_the_air_is_done() -> None:
    await Flights[int]().land(5)
