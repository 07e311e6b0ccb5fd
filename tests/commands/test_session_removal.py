"""Ending one's sessions one by one."""

import uuid

import pytest

from tests.client import Client, Service, problem


async def other_session(anna: Client) -> str:
    """The id of Anna's session that is not the one she asks with."""
    items = (await anna.get("/profile/sessions")).json()["items"]
    [found] = [item["id"] for item in items if not item["current"]]
    return str(found)


async def test_its_token_is_dead_at_once(service: Service, anna: Client) -> None:
    other = await service.login("anna")
    assert (await anna.send("DELETE", f"/profile/sessions/{await other_session(anna)}")).status_code == 204
    problem(await other.get("/profile"), 401, "unauthorized")
    assert (await anna.get("/profile")).status_code == 200


async def test_the_own_one_can_be_ended_too(anna: Client) -> None:
    [own] = (await anna.get("/profile/sessions")).json()["items"]
    assert (await anna.send("DELETE", f"/profile/sessions/{own['id']}")).status_code == 204
    problem(await anna.get("/profile"), 401, "unauthorized")


async def test_a_session_of_somebody_else_looks_like_none(service: Service, anna: Client) -> None:
    berta = await service.user("berta")
    [foreign] = (await berta.get("/profile/sessions")).json()["items"]
    answers = [
        problem(await anna.send("DELETE", f"/profile/sessions/{session}"), 404, "session-not-found")
        for session in (foreign["id"], uuid.uuid4())
    ]
    of_this_request = {"request_id": "", "instance": ""}
    assert answers[0] | of_this_request == answers[1] | of_this_request
    assert (await berta.get("/profile")).status_code == 200


@pytest.mark.parametrize(
    "written", ["301", "{00000000-0000-0000-0000-000000000001}", "urn:uuid:" + str(uuid.UUID(int=1)), "0" * 32]
)
async def test_what_is_no_id_is_refused(anna: Client, written: str) -> None:
    problem(await anna.send("DELETE", f"/profile/sessions/{written}"), 422, "invalid-request")
