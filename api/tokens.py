"""Access tokens: the only module that knows python-jose, wrapped so that no input makes it do harm.

python-jose alone signs with an empty key, trusts the header's algorithm and falls over a header of 20,000 brackets.
"""

import base64
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jose import JWTError, jwt

ALGORITHM = "HS256"
LONGEST_TOKEN = 4096
# How many tokens are remembered: less than a kilobyte each.
MOST_VERIFIED = 5_000
THREE_PARTS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
CLOCK_SKEW_SECONDS = 30
REQUIRED = {f"require_{claim}": True for claim in ("exp", "iat", "sub", "jti", "iss", "aud")}


class InvalidToken(Exception):
    """Not a token of ours, or no longer."""


class Identity(NamedTuple):
    """Whom a token speaks for."""

    user_id: uuid.UUID
    session_id: uuid.UUID


class Verified(NamedTuple):
    """Whom a token with a good signature speaks for, until when (seconds since 1970)."""

    identity: Identity
    expires_at: float


@dataclass(frozen=True)
class Tokens:
    """Signs with the first key, verifies with all, so that keys can be rotated. Keys are (id, secret).

    What a signature says never changes, so it is looked at once. Whether the session is open is no matter of it.
    """

    keys: Sequence[tuple[str, str]]
    issuer: str
    audience: str
    lifetime_seconds: int
    _verified: dict[str, Verified] = field(default_factory=dict, init=False, repr=False, compare=False)

    def issue(self, identity: Identity) -> str:
        """A token for this session, valid for the lifetime from now."""
        now = int(time.time())
        key_id, secret = self.keys[0]
        claims = {
            "sub": str(identity.user_id),
            "sid": str(identity.session_id),
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + self.lifetime_seconds,
            "iss": self.issuer,
            "aud": self.audience,
        }
        return str(jwt.encode(claims, as_jwk(secret), ALGORITHM, headers={"kid": key_id}))

    def verify(self, token: str) -> Identity:
        """Raises InvalidToken, whatever the input."""
        known = self._verified.get(token)
        if known is None or known.expires_at <= time.time():
            known = self._verified[token] = self._verify(token)
            if len(self._verified) > MOST_VERIFIED:
                del self._verified[next(iter(self._verified))]
        return known.identity

    def _verify(self, token: str) -> Verified:
        if len(token) > LONGEST_TOKEN or not THREE_PARTS.fullmatch(token):
            raise InvalidToken
        try:
            claims = self._claims(token)
            if int(claims["iat"]) > time.time() + CLOCK_SKEW_SECONDS:
                raise InvalidToken
            return Verified(Identity(uuid.UUID(claims["sub"]), uuid.UUID(claims["sid"])), float(claims["exp"]))
        except (JWTError, RecursionError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
            raise InvalidToken from None

    def _claims(self, token: str) -> dict[str, Any]:
        secret = dict(self.keys)[jwt.get_unverified_header(token)["kid"]]
        return dict(
            jwt.decode(
                token,
                as_jwk(secret),
                algorithms=[ALGORITHM],
                audience=self.audience,
                issuer=self.issuer,
                options=REQUIRED,
            )
        )


def as_jwk(secret: str) -> dict[str, str]:
    """The key in a form (RFC 7518, section 6.4) that leaves nothing to guess: a bare string may be taken for PEM."""
    return {"kty": "oct", "alg": ALGORITHM, "k": base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")}
