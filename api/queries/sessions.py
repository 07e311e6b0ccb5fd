"""Where the user is logged in."""

from fastapi import APIRouter, Response
from sqlalchemy import func, select

from api import shapes
from api.answers import json_answer
from api.identity import CurrentIdentity
from api.openapi import SIGNED_IN, problems
from api.queries.deps import ReadEngine
from shared.moments import json_moment
from shared.tables.truth import session

router = APIRouter(tags=["queries"])

MOST = 100


@router.get("/profile/sessions", response_model=shapes.Sessions, responses=problems(*SIGNED_IN))
async def list_sessions(identity: CurrentIdentity, engine: ReadEngine) -> Response:
    """Your sessions, this one first, then those seen last; of a great many only the first hundred."""
    current = session.c.id == identity.session_id
    mine = (
        select(session.c.id, session.c.created_at, session.c.last_seen, current.label("current"))
        .where(session.c.user_id == identity.user_id, session.c.expires_at > func.now())
        .order_by(current.desc(), session.c.last_seen.desc(), session.c.id)
        .limit(MOST)
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(mine)).all()
    items = [
        {
            "id": str(row.id),
            "created_at": json_moment(row.created_at),
            "last_seen": json_moment(row.last_seen),
            "current": row.current,
        }
        for row in rows
    ]
    return json_answer({"items": items}, store=False)
