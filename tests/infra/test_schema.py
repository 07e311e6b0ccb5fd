"""What the start says of a database that cannot be used."""

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from shared.schema import DatabaseAway, check_reachable


async def test_an_error_without_a_text_is_still_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr("asyncpg.connect", refuse)
    engine = create_async_engine("postgresql+asyncpg://u@nowhere.invalid/d")
    with pytest.raises(DatabaseAway, match=r"cannot be used \(postgres\.url\): ConnectionResetError\."):
        await check_reachable(engine)
    await engine.dispose()
