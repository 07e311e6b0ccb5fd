"""Many users at once, put straight into PostgreSQL, with tokens as the API itself would make them."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg

from api.tokens import Identity, Tokens
from bench.people import User
from bench.stack import Stack

LIFETIME = timedelta(days=1)


def tokens_of(stack: Stack) -> Tokens:
    """With the key of the running service and the defaults of its settings."""
    keys = json.loads(stack.environment["KINOSHELF__AUTH__JWT_KEYS"])
    pairs = [(key["id"], key["secret"]) for key in keys]
    return Tokens(pairs, "kinoshelf", "kinoshelf", int(LIFETIME.total_seconds()))


async def crowd(stack: Stack, count: int, name: str = "somebody") -> list[User]:
    """Logged in, spread over the APIs by turns; nobody knows their passwords."""
    identities = [Identity(uuid.uuid4(), uuid.uuid4()) for _ in range(count)]
    users = [(each.user_id, f"{name}{number}") for number, each in enumerate(identities)]
    expires_at = datetime.now(UTC) + LIFETIME
    connection = await asyncpg.connect(stack.postgres_url)
    try:
        await connection.executemany(
            "INSERT INTO user_account (id, username, username_folded, password_hash) VALUES ($1, $2, $2, 'none')", users
        )
        await connection.executemany(
            "INSERT INTO session (id, user_id, expires_at) VALUES ($1, $2, $3)",
            [(each.session_id, each.user_id, expires_at) for each in identities],
        )
    finally:
        await connection.close()
    tokens = tokens_of(stack)
    places = [stack.addresses[number % len(stack.addresses)] for number in range(count)]
    return [User(place, tokens.issue(each)) for place, each in zip(places, identities, strict=True)]
