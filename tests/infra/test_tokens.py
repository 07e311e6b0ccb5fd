"""Tokens: ours are read, and nothing else is, whatever it is. The only error is InvalidToken."""

import base64
import hashlib
import hmac
import json
import random
import time
import uuid
from typing import Any

import pytest
from jose import jwt

from api.tokens import Identity, InvalidToken, Tokens

SECRET = "Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ"
OLD_SECRET = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0iL"
IDENTITY = Identity(uuid.uuid4(), uuid.uuid4())
DAY = 86_400


def tokens(*keys: tuple[str, str], issuer: str = "kinoshelf", audience: str = "kinoshelf") -> Tokens:
    return Tokens(list(keys) or [("new", SECRET)], issuer, audience, DAY)


def letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims with some changed; a value of ... leaves one out."""
    now = int(time.time())
    good = {
        "sub": str(IDENTITY.user_id),
        "sid": str(IDENTITY.session_id),
        "jti": str(uuid.uuid4()),
        "iat": now,
        "exp": now + DAY,
        "iss": "kinoshelf",
        "aud": "kinoshelf",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def forged(payload: Any = None, header: Any = None, secret: str = SECRET, digest: Any = hashlib.sha256) -> str:
    """Signed by hand, because a library refuses to write what an attacker may send."""
    header_text = json.dumps({"alg": "HS256", "typ": "JWT", "kid": "new"} if header is None else header)
    payload_text = json.dumps(claims() if payload is None else payload)
    signed = f"{letters(header_text.encode())}.{letters(payload_text.encode())}"
    return f"{signed}.{letters(hmac.new(secret.encode(), signed.encode(), digest).digest())}"


def head(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {"alg": "HS256", "typ": "JWT", "kid": "new"}
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def unsigned(header: bytes, payload: bytes = b"{}", signature: str = "AAAA") -> str:
    return f"{letters(header)}.{letters(payload)}.{signature}"


NOW = int(time.time())
GOOD = forged()
MADE_UP = {
    "empty": "",
    "one word": "garbage",
    "dots": "..",
    "three words": "a.b.c",
    "two parts": GOOD.rpartition(".")[0],
    "four parts": GOOD + ".AAAA",
    "spaces": " ".join(GOOD),
    "no signature": GOOD.rpartition(".")[0] + ".",
    "other signature": GOOD.rpartition(".")[0] + "." + letters(b"x" * 32),
    "not ASCII": "ключ.от.дома",
    "not ASCII inside": GOOD[:20] + "ё" + GOOD[20:],
    "not ASCII signature": GOOD + "ё",
    "surrogate": GOOD + "\ud800",
    "NUL": GOOD + "\x00",
    "latin-1": GOOD + "\xff",
    "header of brackets": unsigned(b"[" * 2_900),
    "payload of brackets": unsigned(json.dumps(head()).encode(), b"[" * 2_000),
    "header of 20,000 brackets": unsigned(b"[" * 20_000),
    "header of braces": unsigned(b'{"a":' * 500),
    "header is a list": unsigned(b"[]"),
    "header is null": unsigned(b"null"),
    "header is a number": unsigned(b"5"),
    "header is a string": unsigned(b'"HS256"'),
    "header is empty": unsigned(b""),
    "header is not UTF-8": unsigned(b"\xff\xfe"),
    "header is UTF-16": unsigned('{"alg":"HS256","kid":"new"}'.encode("utf-16")),
    "header with a huge number": unsigned(b'{"alg":"HS256","kid":' + b"1" * 2_900 + b"}"),
    "too long": GOOD + "A" * 4096,
    "a mebibyte": "A" * 2**20,
}
SIGNED = {
    "other key": forged(secret=OLD_SECRET),
    "empty key": forged(secret=""),
    "alg none": forged(header=head(alg="none"), secret=""),
    "alg None": unsigned(json.dumps(head(alg="None")).encode(), json.dumps(claims()).encode(), ""),
    "alg none without signature": unsigned(json.dumps(head(alg="none")).encode(), json.dumps(claims()).encode(), ""),
    "alg missing": forged(header=head(alg=...)),
    "alg null": forged(header=head(alg=None)),
    "alg list": forged(header=head(alg=["HS256"])),
    "alg lower case": forged(header=head(alg="hs256")),
    "HS384 by our key": forged(header=head(alg="HS384"), digest=hashlib.sha384),
    "HS512 by our key": forged(header=head(alg="HS512"), digest=hashlib.sha512),
    "RS256 by our key": forged(header=head(alg="RS256")),
    "ES256 by our key": forged(header=head(alg="ES256")),
    "dir": forged(header=head(alg="dir", enc="A256GCM")),
    "kid missing": forged(header=head(kid=...)),
    "kid unknown": forged(header=head(kid="other")),
    "kid of another case": forged(header=head(kid="NEW")),
    "kid empty": forged(header=head(kid="")),
    "kid null": forged(header=head(kid=None)),
    "kid number": forged(header=head(kid=0)),
    "kid true": forged(header=head(kid=True)),
    "kid list": forged(header=head(kid=["new"])),
    "kid object": forged(header=head(kid={"new": 1})),
    "kid path": forged(header=head(kid="../../dev/null")),
    "own key in the header": forged(header=head(kid=..., jwk={"kty": "oct", "k": "QUJD"}), secret="ABC"),
    "payload list": forged([]),
    "payload null": forged("null"),
    "payload number": forged(5),
    "payload string": forged("token"),
    "no exp": forged(claims(exp=...)),
    "no iat": forged(claims(iat=...)),
    "no sub": forged(claims(sub=...)),
    "no sid": forged(claims(sid=...)),
    "no jti": forged(claims(jti=...)),
    "no iss": forged(claims(iss=...)),
    "no aud": forged(claims(aud=...)),
    "expired": forged(claims(exp=NOW - 60)),
    "exp text": forged(claims(exp="tomorrow")),
    "exp null": forged(claims(exp=None)),
    "exp list": forged(claims(exp=[NOW + DAY])),
    "exp NaN": forged(claims(exp=float("nan"))),
    "exp infinite": forged(claims(exp=float("inf"))),
    "exp minus infinite": forged(claims(exp=float("-inf"))),
    "iat in an hour": forged(claims(iat=NOW + 3600)),
    "iat text": forged(claims(iat="now")),
    "iat null": forged(claims(iat=None)),
    "iat infinite": forged(claims(iat=float("inf"))),
    "iat object": forged(claims(iat={})),
    "nbf in an hour": forged(claims(nbf=NOW + 3600)),
    "sub is no uuid": forged(claims(sub="anna")),
    "sub empty": forged(claims(sub="")),
    "sub null": forged(claims(sub=None)),
    "sub number": forged(claims(sub=1)),
    "sub list": forged(claims(sub=[str(IDENTITY.user_id)])),
    "sub not ASCII": forged(claims(sub="ё" * 32)),
    "sid is no uuid": forged(claims(sid="1' OR '1'='1")),
    "sid null": forged(claims(sid=None)),
    "sid object": forged(claims(sid={"a": 1})),
    "jti number": forged(claims(jti=5)),
    "other issuer": forged(claims(iss="evil")),
    "issuer null": forged(claims(iss=None)),
    "other audience": forged(claims(aud="evil")),
    "audience null": forged(claims(aud=None)),
    "audience empty list": forged(claims(aud=[])),
    "audience object": forged(claims(aud={"kinoshelf": 1})),
}


def test_our_own_token_is_read() -> None:
    assert tokens().verify(tokens().issue(IDENTITY)) == IDENTITY


def test_the_forger_of_these_tests_could_make_a_good_one() -> None:
    assert tokens().verify(GOOD) == IDENTITY


def test_a_token_says_who_until_when_and_by_which_key() -> None:
    token = tokens().issue(IDENTITY)
    said = jwt.get_unverified_claims(token)
    assert {*said} == {"sub", "sid", "jti", "iat", "exp", "iss", "aud"}
    assert said["exp"] - said["iat"] == DAY
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": "new"}


def test_no_two_tokens_are_the_same() -> None:
    assert tokens().issue(IDENTITY) != tokens().issue(IDENTITY)


@pytest.mark.parametrize("token", MADE_UP.values(), ids=MADE_UP.keys())
def test_garbage_is_no_token(token: str) -> None:
    with pytest.raises(InvalidToken):
        tokens().verify(token)


@pytest.mark.parametrize("token", SIGNED.values(), ids=SIGNED.keys())
def test_a_token_that_is_wrong_in_one_thing_is_no_token(token: str) -> None:
    with pytest.raises(InvalidToken):
        tokens().verify(token)


def test_a_clock_that_is_half_a_minute_ahead_is_forgiven() -> None:
    assert tokens().verify(forged(claims(iat=int(time.time()) + 20))) == IDENTITY


def test_no_change_of_a_letter_makes_anything_but_the_same_or_no_token() -> None:
    """Some spellings of the last letter decode to the same signature; none names anybody else."""
    chance = random.Random(45)
    for _ in range(500):
        place = chance.randrange(len(GOOD))
        changed = GOOD[:place] + chance.choice("ABCxyz019-_.=+/ \x00é") + GOOD[place + 1 :]
        try:
            assert tokens().verify(changed) == IDENTITY
        except InvalidToken:
            continue


def test_the_first_key_signs() -> None:
    token = tokens(("new", SECRET), ("old", OLD_SECRET)).issue(IDENTITY)
    assert jwt.get_unverified_header(token)["kid"] == "new"
    assert tokens(("new", SECRET)).verify(token) == IDENTITY


def test_the_second_key_still_verifies() -> None:
    token = tokens(("old", OLD_SECRET)).issue(IDENTITY)
    assert tokens(("new", SECRET), ("old", OLD_SECRET)).verify(token) == IDENTITY


def test_a_key_that_was_taken_out_verifies_no_more() -> None:
    token = tokens(("old", OLD_SECRET)).issue(IDENTITY)
    with pytest.raises(InvalidToken):
        tokens(("new", SECRET)).verify(token)


def test_a_token_is_bound_to_the_key_that_it_names() -> None:
    with pytest.raises(InvalidToken):
        tokens(("new", SECRET), ("old", OLD_SECRET)).verify(forged(header=head(kid="old"), secret=SECRET))


@pytest.mark.parametrize(
    "secret",
    [
        "12345678901234567890123456789012",
        "ключ-из-русских-букв-достаточно-длинный",
        '"Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ"',
        '["Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ"]',
        "ssh-rsa AAAAZr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ",
    ],
    ids=["digits", "Cyrillic", "in quotes", "in brackets", "looks like ssh"],
)
def test_any_strong_secret_signs_and_verifies(secret: str) -> None:
    """The settings take it, so login must work with it."""
    keyed = tokens(("new", secret))
    assert keyed.verify(keyed.issue(IDENTITY)) == IDENTITY
