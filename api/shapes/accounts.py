"""Accounts and sessions."""

import uuid
from datetime import datetime
from typing import Literal

from api.shapes.base import Shape


class Account(Shape):
    id: uuid.UUID
    username: str
    created_at: datetime


class Token(Shape):
    access_token: str
    token_type: Literal["bearer"]
    expires_in: int


class FavouriteCounts(Shape):
    total: int
    pending: int
    ready: int
    not_found: int
    failed: int


class Profile(Account):
    favorites: FavouriteCounts


class Session(Shape):
    """`last_seen` is true to the hour."""

    id: uuid.UUID
    created_at: datetime
    last_seen: datetime
    current: bool


class Sessions(Shape):
    items: list[Session]
