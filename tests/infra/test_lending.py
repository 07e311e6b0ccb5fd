"""Connections of an engine's pool, lent as asyncpg has them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url, text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import postgres, wiring
from shared.lending import driver, lending_pool
from shared.postgres import is_away
from shared.settings import Settings
from tests.client import eventually

BACKEND = "SELECT pg_backend_pid()"


@pytest.fixture
async def engine(settings: Settings, database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """With one connection."""
    one = settings.model_copy(update={"postgres": settings.postgres.model_copy(update={"pool_size": 1})})
    engine = wiring.write_engine(one, "kinoshelf-test")
    yield engine
    await engine.dispose()


async def test_a_connection_comes_back(engine: AsyncEngine) -> None:
    async with driver(engine) as connection:
        first = await connection.fetchval(BACKEND)
    async with driver(engine) as connection:
        assert await connection.fetchval(BACKEND) == first


async def test_one_that_is_left_in_a_transaction_is_thrown_away(engine: AsyncEngine) -> None:
    async with driver(engine) as connection:
        first = await connection.fetchval(BACKEND)
        await connection.execute("BEGIN")
    async with driver(engine) as connection:
        assert await connection.fetchval(BACKEND) != first
        assert not connection.is_in_transaction()


async def test_one_whose_user_gave_up_is_thrown_away(engine: AsyncEngine) -> None:
    entered: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def sleep() -> None:
        async with driver(engine) as connection, connection.transaction():
            entered.set_result(await connection.fetchval(BACKEND))
            await connection.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(sleep())
    first = await entered
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with driver(engine) as connection:
        assert await connection.fetchval(BACKEND) != first


async def test_one_that_took_too_long_is_thrown_away(engine: AsyncEngine) -> None:
    async def sleep() -> None:
        async with driver(engine) as connection:
            taken.append(await connection.fetchval(BACKEND))
            await connection.execute("SELECT pg_sleep(60)", timeout=0.05)

    taken: list[int] = []
    with pytest.raises(TimeoutError):
        await sleep()
    async with driver(engine) as connection:
        assert await connection.fetchval(BACKEND) not in taken


async def test_one_that_breaks_off_means_that_postgresql_is_away(engine: AsyncEngine) -> None:
    with pytest.raises((asyncpg.PostgresError, ConnectionError)) as raised:
        async with driver(engine) as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert is_away(raised.value)


async def test_using_one_that_is_gone_means_that_postgresql_is_away(engine: AsyncEngine) -> None:
    async def use() -> None:
        async with driver(engine) as connection:
            connection.terminate()
            await connection.fetchval(BACKEND)

    with pytest.raises(ConnectionError) as raised:
        await use()
    assert is_away(raised.value)


async def test_why_none_could_be_opened_is_told_in_the_words_of_postgresql(settings: Settings) -> None:
    elsewhere = SecretStr(settings.postgres.url.get_secret_value().rpartition("/")[0] + "/nowhere")
    lost = settings.model_copy(update={"postgres": settings.postgres.model_copy(update={"url": elsewhere})})
    engine = wiring.read_engine(lost, "kinoshelf-test")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await driver(engine).__aenter__()
    await engine.dispose()


async def test_a_mistake_of_ours_is_none_of_postgresql(engine: AsyncEngine) -> None:
    with pytest.raises(asyncpg.PostgresError) as raised:
        async with driver(engine) as connection:
            await connection.execute("SELECT nothing_like_it")
    assert not is_away(raised.value)


async def use(engine: AsyncEngine) -> int:
    """By SQLAlchemy; which connection it was."""
    async with engine.connect() as connection:
        return int((await connection.execute(text(BACKEND))).scalar_one())


async def until_somebody_waits(engine: AsyncEngine) -> None:
    async def somebody_waits() -> bool:
        return lending_pool(engine).waiting() > 0

    await eventually(somebody_waits)


async def test_what_is_at_hand_is_had_by_whoever_comes_to_the_pool(engine: AsyncEngine) -> None:
    async with driver(engine) as connection:
        lent = await connection.fetchval(BACKEND)
    assert await use(engine) == lent


async def test_what_comes_back_is_had_by_who_waits_at_the_pool(engine: AsyncEngine) -> None:
    async with driver(engine) as connection:
        lent = await connection.fetchval(BACKEND)
        waiting = asyncio.create_task(use(engine))
        await until_somebody_waits(engine)
    assert await waiting == lent


async def test_what_comes_back_is_had_by_the_next_in_line(engine: AsyncEngine) -> None:
    async def ask() -> int:
        async with driver(engine) as connection:
            return int(await connection.fetchval(BACKEND))

    async with driver(engine) as connection:
        lent = await connection.fetchval(BACKEND)
        waiting = asyncio.create_task(ask())
        await until_somebody_waits(engine)
    assert await waiting == lent


async def test_who_gives_up_waiting_takes_nobodys_turn(engine: AsyncEngine) -> None:
    async with driver(engine):
        waiting = asyncio.create_task(driver(engine).__aenter__())
        await until_somebody_waits(engine)
        waiting.cancel()
        await asyncio.wait([waiting])
    async with driver(engine) as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_who_waits_too_long_is_told_so(settings: Settings, database: AsyncEngine) -> None:
    url = settings.postgres.url.get_secret_value()
    engine = postgres.read_engine(url, "kinoshelf-test", pool_size=1, pool_timeout=0.5, command_timeout=5)
    async with driver(engine):
        with pytest.raises(PoolTimeout) as raised:
            await driver(engine).__aenter__()
    assert is_away(raised.value)
    await postgres.close(engine)


async def test_a_turn_that_found_no_connection_is_over(settings: Settings) -> None:
    elsewhere = settings.postgres.url.get_secret_value().rpartition("/")[0] + "/nowhere"
    engine = postgres.read_engine(elsewhere, "kinoshelf-test", pool_size=1, pool_timeout=5, command_timeout=5)
    for _ in range(2):
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await driver(engine).__aenter__()
    await postgres.close(engine)


async def test_one_that_was_closed_while_at_hand_is_replaced(engine: AsyncEngine, database: AsyncEngine) -> None:
    async with driver(engine) as connection:
        lent = await connection.fetchval(BACKEND)
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
    async with database.connect() as other:
        await other.execute(text("SELECT pg_terminate_backend(:lent)"), {"lent": lent})
    await asyncio.wait_for(gone.wait(), 10)
    async with driver(engine) as connection:
        assert await connection.fetchval(BACKEND) != lent


async def test_what_is_at_hand_is_not_in_use(engine: AsyncEngine) -> None:
    async with driver(engine):
        assert lending_pool(engine).in_use() == 1
    assert lending_pool(engine).in_use() == 0


async def test_what_is_at_hand_is_closed_with_the_others(engine: AsyncEngine) -> None:
    async with driver(engine) as connection:
        pass
    await engine.dispose()
    assert connection.is_closed()


async def test_what_comes_back_after_the_end_is_closed(engine: AsyncEngine) -> None:
    async with driver(engine) as connection:
        await engine.dispose()
    assert connection.is_closed()


async def test_who_waited_over_the_end_leaves_nothing_behind(engine: AsyncEngine) -> None:
    async def ask() -> asyncpg.Connection:
        async with driver(engine) as connection:
            return connection

    async with driver(engine):
        waiting = asyncio.create_task(ask())
        await until_somebody_waits(engine)
        await engine.dispose()
    assert (await waiting).is_closed()
    assert lending_pool(engine).in_use() == 0


async def test_one_that_was_closed_while_at_hand_is_replaced_for_the_pool_too(engine: AsyncEngine) -> None:
    async with driver(engine) as connection:
        lent = await connection.fetchval(BACKEND)
    connection.terminate()
    assert await use(engine) != lent


async def test_borrowers_and_others_share_a_few_connections(settings: Settings, database: AsyncEngine) -> None:
    url, dice, busy = settings.postgres.url.get_secret_value(), Random(7), set[int]()
    engine = postgres.read_engine(url, "kinoshelf-test", pool_size=3, pool_timeout=20, command_timeout=5)

    async def borrow() -> None:
        async with driver(engine) as connection:
            assert id(connection) not in busy
            busy.add(id(connection))
            try:
                await connection.fetchval(BACKEND)
            finally:
                busy.remove(id(connection))

    tasks = [asyncio.create_task(borrow() if dice.random() < 0.6 else use(engine)) for _ in range(300)]
    for task in dice.sample(tasks, 60):
        await asyncio.sleep(0)
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in ended if isinstance(each, BaseException)} <= {asyncio.CancelledError}
    pool = lending_pool(engine)
    assert (pool.in_use(), pool.waiting(), pool.turns._value) == (0, 0, 3)
    await postgres.close(engine)


class Road:
    """To PostgreSQL, over a port of its own; nothing passes while it is closed."""

    def __init__(self, host: str, port: int) -> None:
        self.open, self._to = asyncio.Event(), (host, port)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.open.wait()
        answers, requests = await asyncio.open_connection(*self._to)
        await asyncio.gather(self._pass_on(reader, requests), self._pass_on(answers, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while passing := await reader.read(65536):
            await self.open.wait()
            writer.write(passing)
        writer.close()


@pytest.fixture
async def road(settings: Settings, database: AsyncEngine) -> AsyncIterator[tuple[Road, AsyncEngine]]:
    """An engine of one connection that goes over it, and waits a fifth of a second for an answer."""
    url = make_url(settings.postgres.url.get_secret_value())
    assert url.host
    assert url.port
    road = Road(url.host, url.port)
    async with await asyncio.start_server(road.meet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        detour = url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        engine = postgres.write_engine(detour, "road", pool_size=1, pool_timeout=5, command_timeout=0.2)
        road.open.set()
        yield road, engine
        await engine.dispose()


async def begin(engine: AsyncEngine) -> None:
    async with driver(engine) as connection, connection.transaction():
        pass


async def begin_and_give_up(engine: AsyncEngine) -> None:
    async with asyncio.timeout(0.1):
        await begin(engine)


@pytest.mark.parametrize("attempt", [begin, begin_and_give_up])
async def test_nobody_writes_into_a_transaction_that_somebody_gave_up_to_begin(
    road: tuple[Road, AsyncEngine], attempt: Callable[[AsyncEngine], Awaitable[None]]
) -> None:
    way, engine = road
    await begin(engine)
    way.open.clear()
    with pytest.raises(TimeoutError):
        await attempt(engine)
    way.open.set()
    await asyncio.sleep(0.1)  # so that PostgreSQL has begun, and said so
    async with driver(engine) as connection:
        assert not connection.is_in_transaction()
