"""Too many logins and registrations, over HTTP: who guesses is slowed, who owns the account is not kept out."""

import pytest

from api.errors import HashingBusy
from tests.client import PASSWORD, Service, problem
from tests.conftest import Serve
from tests.recorded import Recorded

STRICT = {"login_tries": 3, "logins_per_address_minute": 20, "registrations_per_address_hour": 2}


@pytest.fixture
async def strict(serve: Serve) -> Service:
    """With an account of Anna."""
    service: Service = await serve(limits=STRICT)
    await service.user("anna")
    return service


async def log_in(service: Service, username: str, password: str, address: str) -> int:
    answer = await service.http.post(
        "/login", json={"username": username, "password": password}, headers={"X-Forwarded-For": address}
    )
    return answer.status_code


async def guesses(service: Service, username: str, times: int, address: str = "192.0.2.66") -> list[int]:
    return [await log_in(service, username, f"wrong {number}", address) for number in range(times)]


@pytest.mark.parametrize("username", ["anna", "nobody"])
async def test_who_guesses_has_to_wait_whether_there_is_such_a_user_or_not(strict: Service, username: str) -> None:
    assert await guesses(strict, username, 3) == [401, 401, 401]
    answer = await strict.http.post(
        "/login", json={"username": username, "password": "x"}, headers={"X-Forwarded-For": "192.0.2.66"}
    )
    body = problem(answer, 429, "too-many-attempts")
    assert answer.headers["retry-after"] == "2"
    assert username not in str({**body, "instance": ""})


async def test_other_cases_of_a_name_are_the_same_name(strict: Service) -> None:
    assert await guesses(strict, "anna", 2) + await guesses(strict, "ANNA", 2) == [401, 401, 401, 429]


async def test_the_owner_gets_in_from_elsewhere_meanwhile(strict: Service) -> None:
    for number in range(10):
        await guesses(strict, "anna", 4, f"10.0.{number}.1")
    assert await log_in(strict, "anna", PASSWORD, "192.0.2.1") == 200


async def test_the_owner_who_remembers_begins_anew(strict: Service) -> None:
    tried = [*await guesses(strict, "anna", 2), await log_in(strict, "anna", PASSWORD, "192.0.2.66")]
    assert tried + await guesses(strict, "anna", 3) == [401, 401, 200, 401, 401, 401]


async def test_one_address_with_many_names_is_stopped(strict: Service) -> None:
    tried = [(await guesses(strict, f"user{number}", 1))[0] for number in range(21)]
    assert tried == [*[401] * 20, 429]


async def test_what_is_no_attempt_is_not_counted(strict: Service) -> None:
    for _ in range(5):
        await strict.http.post("/login", json={"username": "anna"}, headers={"X-Forwarded-For": "192.0.2.66"})
    assert await guesses(strict, "anna", 1) == [401]


async def test_a_busy_service_does_not_count_against_the_owner(
    strict: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("api.passwords.Passwords._in_thread", busy)
        assert await guesses(strict, "anna", 5) == [503] * 5
    assert await guesses(strict, "anna", 1) == [401]


async def busy(*_: object) -> bool:
    raise HashingBusy(retry_after=1)


async def test_registrations_of_one_address_are_few(strict: Service, told: Recorded) -> None:
    accounts = [{"username": f"user{number}", "password": PASSWORD} for number in range(3)]
    answers = [await strict.http.post("/register", json=account) for account in accounts[:2]]
    assert [answer.status_code for answer in answers] == [201, 429]  # Anna was the first
    problem(answers[1], 429, "too-many-attempts")
    assert told.counts["http.refused.too-many-attempts"] == 1
    elsewhere = await strict.http.post("/register", json=accounts[2], headers={"X-Forwarded-For": "192.0.2.1"})
    assert elsewhere.status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("DELETE", "/profile", {"password": "wrong password"}),
        ("POST", "/profile/password", {"current_password": "wrong password", "new_password": "another long sentence"}),
    ],
)
async def test_a_stolen_token_is_no_way_to_guess_the_password(
    strict: Service, method: str, path: str, sent: dict[str, str]
) -> None:
    anna = await strict.login("anna")
    told = [(await anna.send(method, path, json=sent)).status_code for _ in range(4)]
    assert told == [403, 403, 403, 429]
    assert await log_in(strict, "anna", PASSWORD, "127.0.0.1") == 200


async def test_who_finds_names_taken_may_still_register(serve: Serve) -> None:
    service: Service = await serve(limits={"registrations_per_address_hour": 3})
    await service.user("anna")
    names = ["ANNA"] * 5 + ["anna2", "anna3"]
    answers = [await service.http.post("/register", json={"username": name, "password": PASSWORD}) for name in names]
    assert [answer.status_code for answer in answers] == [*[409] * 5, 201, 429]
