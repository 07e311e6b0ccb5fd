"""What each answer of upstream does to a film."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from dev.sandbox.server import RunningSandbox
from shared.enrichment import claims
from shared.enrichment.films import enrich
from shared.enrichment.upstream import Upstream
from shared.upstream import access
from tests.jobs.conftest import Look

Sql = Callable[..., Awaitable[Any]]
DAY = 86_400
GATE_SECONDS = "SELECT extract(epoch FROM closed_until - now())::float8 FROM upstream_gate"


async def attempt(upstream: Upstream, sql: Sql, film: int = 301) -> None:
    """Make the film due and fetch it once."""
    await sql(
        """INSERT INTO film_sync (kinopoisk_id) VALUES (:film)
            ON CONFLICT (kinopoisk_id) DO UPDATE SET next_attempt_at = now()""",
        film=film,
    )
    entered = await access.one_film(
        upstream.access, None, film, lambda connection: claims.want_and_claim(connection, upstream.policy, film)
    )
    assert entered
    await enrich(upstream, *entered)


async def test_a_film_is_stored_as_received_and_as_served(upstream: Upstream, sql: Sql, look: Look) -> None:
    await attempt(upstream, sql)
    row = await look(301)
    assert (row["status"], row["attempts"], row["claimed_at"], row["last_error_code"]) == ("ready", 0, None, None)
    assert await sql("SELECT body::json ->> 'kinopoiskId' FROM film_source") == "301"
    assert await sql("SELECT document::json ->> 'name_ru' FROM film") == "Матрица"


@pytest.mark.parametrize(("year", "days"), [(1999, 60), (2100, 3), (None, 3)])
async def test_old_films_are_refreshed_rarely_and_new_ones_often(
    upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox, year: int | None, days: int
) -> None:
    await sandbox.put_film(301, year=year)
    await attempt(upstream, sql)
    assert 0.79 * days < (await look(301))["due_in"] / DAY < 1.21 * days


async def test_a_refresh_replaces_what_was_stored(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await attempt(upstream, sql)
    await sandbox.put_film(301, nameRu="Матрица (1999)")
    await attempt(upstream, sql)
    assert await sql("SELECT document::json ->> 'name_ru' FROM film") == "Матрица (1999)"


async def test_null_overwrites_nothing_that_was_known(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await attempt(upstream, sql)
    await sandbox.put_film(301, nameRu=None, year=None, genres=[], ratingKinopoisk=8.9)
    await attempt(upstream, sql)
    film = json.loads(await sql("SELECT document FROM film"))
    assert (film["name_ru"], film["year"], film["genres"][0]["slug"]) == ("Матрица", 1999, "sci-fi")
    assert film["ratings"]["kinopoisk"]["value"] == 8.9


async def test_an_unknown_film_is_asked_for_again_in_a_week(upstream: Upstream, sql: Sql, look: Look) -> None:
    await attempt(upstream, sql, 999_999_999)
    row = await look(999_999_999)
    assert (row["status"], row["misses"]) == ("not_found", 1)
    assert 5.5 < row["due_in"] / DAY < 8.5


async def test_a_known_film_outlives_a_404(upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox) -> None:
    await attempt(upstream, sql)
    await sandbox.remove_film(301)
    await attempt(upstream, sql)
    row = await look(301)
    assert (row["status"], row["misses"], row["last_error_code"]) == ("ready", 1, "film-not-found")
    assert await sql("SELECT count(*) FROM film") == 1


async def test_an_unknown_film_that_appears_becomes_ready(
    upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox
) -> None:
    await attempt(upstream, sql, 7_400_688)
    await sandbox.put_film(7_400_688, nameRu="Премьера")
    await attempt(upstream, sql, 7_400_688)
    assert (await look(7_400_688))["status"] == "ready"


@pytest.mark.parametrize("kind", ["html", "garbage", "drop", "empty", "wrong_types", "bad_utf8", "redirect"])
async def test_a_fault_costs_an_attempt_and_a_pause(
    upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox, kind: str
) -> None:
    await sandbox.fault(kind)
    await attempt(replace(upstream, policy=replace(upstream.policy, retry_base_seconds=60)), sql)
    row = await look(301)
    assert (row["status"], row["attempts"], row["claimed_at"]) == ("pending", 1, None)
    assert 4 < row["due_in"] <= 60


async def test_after_the_last_attempt_a_new_film_is_given_up_for_a_day(
    upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox
) -> None:
    await sandbox.fault("html", status=500)
    for _ in range(6):
        await attempt(upstream, sql)
    row = await look(301)
    assert (row["status"], row["attempts"], row["priority"]) == ("failed", 0, 2)
    assert 0.79 < row["due_in"] / DAY < 1.21


async def test_after_the_last_attempt_a_known_film_stays_ready(
    upstream: Upstream, sql: Sql, look: Look, sandbox: RunningSandbox
) -> None:
    await attempt(upstream, sql)
    await sandbox.fault("html", status=500)
    for _ in range(6):
        await attempt(upstream, sql)
    assert (await look(301))["status"] == "ready"


async def test_a_malformed_answer_overwrites_nothing(upstream: Upstream, sql: Sql, sandbox: RunningSandbox) -> None:
    await attempt(upstream, sql)
    await sandbox.fault("wrong_types")
    await attempt(upstream, sql)
    assert await sql("SELECT document::json ->> 'name_ru' FROM film") == "Матрица"


@pytest.mark.parametrize(
    ("status", "code", "reason", "pause"),
    [
        (402, "upstream-quota-exhausted", "quota", 900),
        (401, "upstream-key-refused", "refused", 300),
        (403, "upstream-key-refused", "refused", 300),
        (429, "upstream-too-fast", "too_fast", 2),
    ],
)
async def test_a_refusal_closes_the_gate_and_costs_no_attempt(
    upstream: Upstream,
    sql: Sql,
    look: Look,
    sandbox: RunningSandbox,
    status: int,
    code: str,
    reason: str,
    pause: int,
) -> None:
    await sandbox.fault("status", status=status)
    await attempt(upstream, sql)
    row = await look(301)
    assert (row["status"], row["attempts"], row["last_error_code"]) == ("pending", 0, code)
    assert await sql("SELECT reason FROM upstream_gate WHERE closed_until > now()") == reason
    assert row["due_in"] <= 0
    assert 0 < pause - await sql(GATE_SECONDS) < 2
