"""The list of favourites and adding one, as a good tutorial writes it, with the logs and metrics of the service."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt
from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from api import shapes
from api.cursors import from_cursor, to_cursor
from api.inputs import Body, KinopoiskId
from api.middleware import RequestLog
from bench.usual.models import Favourite, FilmSync, Session
from shared.settings import Settings


async def database(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


Database = Annotated[AsyncSession, Depends(database)]
Token = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="login"))]


async def current_user(token: Token, db: Database, request: Request) -> uuid.UUID:
    auth = request.app.state.auth
    secret = auth.jwt_keys[0].secret.get_secret_value()
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], audience=auth.audience, issuer=auth.issuer)
    except JWTError:
        raise HTTPException(401) from None
    session = await db.get(Session, uuid.UUID(claims["sid"]))
    if session is None or session.expires_at < datetime.now(UTC):
        raise HTTPException(401)
    return session.user_id


CurrentUser = Annotated[uuid.UUID, Depends(current_user)]


class NewFavourite(Body):
    kinopoisk_id: KinopoiskId


def create_app(settings: Settings) -> FastAPI:
    engine = create_async_engine(
        settings.postgres.url.get_secret_value(),
        pool_size=settings.postgres.pool_size,
        connect_args={"server_settings": {"jit": "off"}},
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    app.state.auth = settings.auth
    app.state.most = settings.limits.favorites_per_user
    app.get("/health/ready")(ready)
    app.get("/movies/favorites", response_model=shapes.FavouritePage)(list_favourites)
    app.post("/movies/favorites", status_code=202, response_model=shapes.FavouriteItem)(add_favourite)
    app.add_middleware(RequestLog, reads=settings.logs.reads)
    return app


async def ready() -> str:
    return "ready"


async def list_favourites(
    user_id: CurrentUser,
    db: Database,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: str | None = None,
) -> shapes.FavouritePage:
    """The user's favourites, newest first."""
    query = select(Favourite).where(Favourite.user_id == user_id)
    if cursor is not None:
        query = query.where(tuple_(Favourite.added_at, Favourite.kinopoisk_id) < from_cursor(cursor))
    newest = query.order_by(Favourite.added_at.desc(), Favourite.kinopoisk_id.desc()).limit(limit + 1)
    found = (await db.scalars(newest)).all()
    last = found[limit - 1] if len(found) > limit else None
    return shapes.FavouritePage(
        items=[item_of(favourite) for favourite in found[:limit]],
        next_cursor=to_cursor(last.added_at, last.kinopoisk_id) if last else None,
    )


async def add_favourite(
    wish: NewFavourite, user_id: CurrentUser, db: Database, request: Request
) -> shapes.FavouriteItem:
    """Remember a favourite."""
    favourite = await db.get(Favourite, (user_id, wish.kinopoisk_id))
    if favourite is None:
        total = await db.scalar(select(func.count()).where(Favourite.user_id == user_id)) or 0
        if total >= request.app.state.most:
            raise HTTPException(409)
        if await db.get(FilmSync, wish.kinopoisk_id) is None:
            db.add(FilmSync(kinopoisk_id=wish.kinopoisk_id))
            await db.flush()
        favourite = Favourite(user_id=user_id, kinopoisk_id=wish.kinopoisk_id)
        db.add(favourite)
        await db.commit()
        await db.refresh(favourite)
    return item_of(favourite)


def item_of(favourite: Favourite) -> shapes.FavouriteItem:
    return shapes.FavouriteItem(
        kinopoisk_id=favourite.kinopoisk_id,
        added_at=favourite.added_at,
        status=favourite.sync.status,
        film=film_of(favourite),
    )


def film_of(favourite: Favourite) -> shapes.Film | None:
    film, sync = favourite.film, favourite.sync
    if film is None:
        return None
    freshness = shapes.Freshness(
        fetched_at=sync.fetched_at or film.fetched_at,
        next_refresh_at=sync.next_attempt_at,
        stale=sync.fresh_until is not None and sync.fresh_until < datetime.now(UTC),
        last_error=sync.last_error_code,
    )
    return shapes.Film.model_validate({**orjson.loads(film.document), "freshness": freshness})
