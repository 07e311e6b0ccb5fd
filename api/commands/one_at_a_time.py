"""Commands of one user, one after the other: those that count before they add, and those that change the account."""

import uuid

from asyncpg import Connection
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.errors import Unauthorized
from api.identity import OPEN_SESSION, Asker
from api.tokens import Identity
from shared.prepared import Prepared
from shared.tables.truth import session, user_account


async def one_at_a_time(connection: AsyncConnection, user_id: uuid.UUID) -> None:
    """Until this transaction ends no other of this user goes on: a limit cannot be overrun by asking in parallel.

    Raises Unauthorized where the account has been deleted meanwhile.
    """
    mine = select(user_account.c.id).where(user_account.c.id == user_id)
    if await connection.scalar(mine.with_for_update(key_share=True)) is None:
        raise Unauthorized


ALONE = Prepared(
    select(OPEN_SESSION.c.long_unseen)
    .select_from(OPEN_SESSION.join(user_account, user_account.c.id == bindparam("user_id")))
    .with_for_update(key_share=True, of=user_account)
)


async def asker_alone(connection: Connection, asker: Asker) -> uuid.UUID:
    """The same for who asks, whose session is looked up at once; answers the user's id. Raises Unauthorized."""
    await asker.rows_on(connection, ALONE)
    return asker.claimed.user_id


async def nobody_else(connection: AsyncConnection, identity: Identity, proven_hash: str) -> bool:
    """Until this transaction ends nobody else writes anything that belongs to this user, nor opens a session.

    Whether the password is still the one that was proved: of two who prove the same at once, only one may change it.
    Raises Unauthorized where the account has been deleted meanwhile or this session been ended.
    """
    mine = select(user_account.c.password_hash).where(user_account.c.id == identity.user_id)
    current_hash = await connection.scalar(mine.with_for_update())
    # A statement of its own: the one before may have waited for the transaction that ended the session.
    open_one = session.c.id == identity.session_id, session.c.user_id == identity.user_id
    if await connection.scalar(select(session.c.id).where(*open_one)) is None:
        raise Unauthorized
    return current_hash == proven_hash
