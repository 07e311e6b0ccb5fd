"""Passwords: hashed off the event loop, bounded in number, one password however it is typed."""

import asyncio
import os
import threading
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from api.errors import HashingBusy
from api.passwords import LONGEST, Passwords

WAITING = 2


class BlockedHashes:
    """Stands in for argon2: each call lasts until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def hash(self, _: str) -> str:
        assert self.let_go.wait(10)
        return "hash"

    def verify(self, _: str, __: str) -> bool:
        assert self.let_go.wait(10)
        return True


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(memory_kib=8, rounds=1, most_waiting=WAITING)
    yield made
    made.close()


@pytest.fixture
def blocked(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlockedHashes]:
    hashes = BlockedHashes()
    monkeypatch.setattr(passwords, "_argon2", hashes)
    yield hashes
    hashes.let_go.set()


def filled(passwords: Passwords) -> list[asyncio.Task[Any]]:
    """As many hashes as may run and wait."""
    return [asyncio.create_task(passwords.hash("x")) for _ in range(WAITING + (os.cpu_count() or 1))]


async def test_the_right_password_fits_and_another_does_not(passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    assert await passwords.verify("correct horse", stored)
    assert not await passwords.verify("correct horse ", stored)


async def test_a_hash_is_argon2id_and_salted(passwords: Passwords) -> None:
    first, second = await passwords.hash("correct horse"), await passwords.hash("correct horse")
    assert first.startswith("$argon2id$")
    assert first != second


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
async def test_a_password_is_the_same_however_its_letters_are_composed(passwords: Passwords, form: str) -> None:
    stored = await passwords.hash("пароль ёжика №1 ﬁ")
    composed = {name: unicodedata.normalize(name, "пароль ёжика №1 ﬁ") for name in ("NFC", "NFD", "NFKC", "NFKD")}
    assert await passwords.verify(composed[form], stored)


@pytest.mark.parametrize("other", ["пароль и я", " Пароль и я", "Пароль и я ", "Пароль  и я", "Парольия", "Пароль и"])
async def test_case_and_spaces_of_a_password_count(passwords: Passwords, other: str) -> None:
    stored = await passwords.hash("Пароль и я")
    assert not await passwords.verify(other, stored)


async def test_the_last_letter_of_the_longest_password_counts(passwords: Passwords) -> None:
    stored = await passwords.hash("я" * LONGEST)
    assert await passwords.verify("я" * LONGEST, stored)
    assert not await passwords.verify("я" * (LONGEST - 1) + "ю", stored)


async def test_a_hash_of_other_parameters_is_still_verified(passwords: Passwords) -> None:
    older = Passwords(memory_kib=16, rounds=2, most_waiting=WAITING)
    assert await passwords.verify("correct horse", await older.hash("correct horse"))
    older.close()


async def test_an_unknown_user_has_no_password_that_fits(passwords: Passwords) -> None:
    assert not await passwords.verify("nobody has this password", None)


async def test_an_unknown_user_takes_a_verification(passwords: Passwords, blocked: BlockedHashes) -> None:
    verification = asyncio.create_task(passwords.verify("x", None))
    done, _ = await asyncio.wait([verification], timeout=0.05)
    assert not done
    blocked.let_go.set()
    assert await verification is False


async def test_the_event_loop_goes_on_while_a_password_is_hashed(passwords: Passwords, blocked: BlockedHashes) -> None:
    hashing = asyncio.create_task(passwords.hash("x"))
    await asyncio.sleep(0)
    blocked.let_go.set()  # reached only if the loop is free
    assert await hashing == "hash"


async def test_more_hashes_than_may_wait_are_refused_at_once(passwords: Passwords, blocked: BlockedHashes) -> None:
    waiting = filled(passwords)
    await asyncio.sleep(0)
    with pytest.raises(HashingBusy) as caught:
        await passwords.verify("x", None)
    assert caught.value.headers["Retry-After"] == "1"
    blocked.let_go.set()
    assert await asyncio.gather(*waiting) == ["hash"] * len(waiting)


async def test_after_the_rush_passwords_are_hashed_again(passwords: Passwords, blocked: BlockedHashes) -> None:
    waiting = filled(passwords)
    await asyncio.sleep(0)
    blocked.let_go.set()
    await asyncio.gather(*waiting)
    assert await passwords.hash("x") == "hash"


async def test_callers_that_left_free_their_places(passwords: Passwords, blocked: BlockedHashes) -> None:
    waiting = filled(passwords)
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    blocked.let_go.set()
    assert await passwords.hash("x") == "hash"


ODD = {"empty": "", "grows": "\ufdfa" * 1024, "long": "x" * 1024, "NUL": "\x00", "emoji": "🎬" * 200}


@pytest.mark.parametrize("password", ODD.values(), ids=ODD.keys())
async def test_a_wrong_password_of_any_form_is_only_wrong(passwords: Passwords, password: str) -> None:
    """U+FDFA becomes 18 letters by NFKC: 1,024 of them, which a login may send, are more than the library takes."""
    stored = await passwords.hash("correct horse")
    assert not await passwords.verify(password, stored)
