"""From an empty account to a list of real films: the API commands, the worker fills, the query serves."""

import asyncio

from dev.sandbox.server import RunningSandbox
from tests.client import Client, Service
from tests.worker_process import Worker

MATRIX, BROTHER = 301, 41519


async def test_a_film_is_listed_at_once_and_fills_itself(anna: Client, worker: Worker) -> None:
    answer = await anna.add(MATRIX)
    assert (answer.status_code, answer.headers["location"]) == (202, f"/movies/favorites/{MATRIX}")
    assert await anna.ids() == [MATRIX]
    ready = await anna.until(MATRIX, "ready")
    assert (ready["film"]["name_ru"], ready["film"]["detail"]) == ("Матрица", "full")


async def test_twenty_users_add_one_new_film_and_upstream_is_asked_once(
    service: Service, worker: Worker, sandbox: RunningSandbox
) -> None:
    users = [await service.user(f"user{number}") for number in range(20)]
    answers = await asyncio.gather(*(user.add(BROTHER) for user in users))
    assert {answer.status_code for answer in answers} == {202}
    await asyncio.gather(*(user.until(BROTHER, "ready") for user in users))
    assert (await sandbox.calls())["by_film"] == {str(BROTHER): 1}


async def test_a_film_that_upstream_does_not_know_is_marked(anna: Client, worker: Worker) -> None:
    await anna.add(999_999_999)
    marked = await anna.until(999_999_999, "not_found")
    assert marked["film"] is None
