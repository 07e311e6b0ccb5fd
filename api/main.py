"""Composition root of the API: settings, connections, routers. Imported by no other module."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI

from api import docs, error_handlers
from api.app import API
from api.attempts import Attempts, Bounds
from api.commands import refreshes
from api.commands.deps import Adding
from api.cors import CrossOrigin
from api.guard import RequestGuard
from api.lookups.films import Opening
from api.middleware import RequestLog
from api.passwords import Passwords
from api.queries import favourites as favourite_queries
from api.queries import recommendations
from api.readiness import Readiness
from api.request_limits import Crowd, RequestLimit
from api.routers import ROUTERS
from api.seen_sessions import SeenSessions
from api.tokens import Tokens
from shared import postgres, wiring
from shared.enrichment.on_demand import FilmsOnDemand
from shared.enrichment.search import Searches
from shared.enrichment.views import Views
from shared.flights import Flights
from shared.impressions import Impressions
from shared.live_workers import LiveWorkers
from shared.redis_client import PatientRedis
from shared.resources import watched
from shared.schema import check_schema
from shared.settings import Settings
from shared.version import VERSION
from shared.wakeup import Waker

log = structlog.get_logger()


def create_app(settings: Settings) -> FastAPI:
    """The service over these settings."""
    app = API(
        title="Kinoshelf",
        description="Favourite films, filled with details from Kinopoisk in the background.",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # ours goes another way: api.telemetry
        redirect_slashes=False,  # the redirect would repeat the Host header
        lifespan=lifespan(settings),
        routes=[route for router in ROUTERS for route in router.routes],  # included, each would be looked for twice
    )
    docs.install(app)
    error_handlers.install(app)
    protect(app, settings)
    app.add_middleware(RequestLog, reads=settings.logs.reads)
    return app


def protect(app: FastAPI, settings: Settings) -> None:
    """Each is asked before those above it."""
    limits = settings.limits
    app.add_middleware(Crowd, most=limits.concurrent_requests)
    app.add_middleware(
        RequestGuard,
        hosts=settings.api.allowed_hosts,
        url_bytes=limits.url_bytes,
        body_bytes=limits.body_bytes,
        body_seconds=limits.body_seconds,
    )
    app.add_middleware(RequestLimit, per_second=limits.requests_per_second, burst=limits.request_burst)
    if settings.api.cors_origins:
        app.add_middleware(
            CrossOrigin,
            allow_origins=settings.api.cors_origins,
            allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=("Authorization", "If-None-Match", "X-Request-ID"),
            expose_headers=("ETag", "X-Request-ID", "Retry-After", "Location"),
        )


def lifespan(settings: Settings) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]]:
    @asynccontextmanager
    async def connections(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with AsyncExitStack() as stack:
            state = open_state(settings, stack)
            await check_schema(state["read_engine"])
            engines = {"read": state["read_engine"], "write": state["write_engine"]}
            await stack.enter_async_context(watched("api", engines, state["redis"]))
            log.info("api_started", host=settings.api.host, port=settings.api.port)
            yield state
        log.info("api_stopped")

    return connections


def open_state(settings: Settings, stack: AsyncExitStack) -> dict[str, Any]:
    """What requests find in request.state; the stack closes it in the opposite order."""
    read_engine = wiring.read_engine(settings, "kinoshelf-api-read")
    write_engine = wiring.write_engine(settings, "kinoshelf-api")
    health_engine = wiring.health_engine(settings, "kinoshelf-api-health")
    redis = wiring.patient_redis(settings)
    asking = wiring.upstream(settings, write_engine, redis)
    enrichment, limits = settings.enrichment, settings.limits
    on_demand = FilmsOnDemand(asking, enrichment.interactive_wait_seconds)
    searches = Searches(asking, wiring.search_cache(settings, redis), enrichment.fallback_wait_seconds)
    views, seen_sessions = Views(write_engine, enrichment.views_seconds), SeenSessions(write_engine)
    readiness = Readiness(health_engine, LiveWorkers(redis))
    waker, impressions, passwords = Waker(redis), Impressions(redis), make_passwords(settings)
    stack.callback(passwords.close)
    stack.push_async_callback(postgres.close, read_engine, write_engine, health_engine)
    for close in (redis.close, asking.kinopoisk.close):
        stack.push_async_callback(close)
    recommendation_flights: Flights[recommendations.Made] = Flights()
    for part in (waker, impressions, views, seen_sessions, searches, on_demand, readiness):
        stack.push_async_callback(part.close)
    return {
        "read_engine": read_engine,
        "write_engine": write_engine,
        "redis": redis,
        "waker": waker,
        "impressions": impressions,
        "adding": Adding(
            write_engine, settings.limits.favorites_per_user, waker, impressions, favourite_queries.read_item
        ),
        "film_opener": partial(Opening, read_engine, on_demand, enrichment.fallback_wait_seconds),
        "searches": searches,
        "views": views,
        "readiness": readiness,
        "terms": asking.terms,
        "answer_cache": wiring.answer_cache(settings, redis),
        "recommendation_flights": recommendation_flights,
        "passwords": passwords,
        "attempts": make_attempts(settings, redis),
        "seen_sessions": seen_sessions,
        "tokens": make_tokens(settings),
        "hidden_limit": limits.hidden_per_user,
        "sessions_limit": limits.sessions_per_user,
        "refresh_limits": refreshes.RefreshLimits(limits.refreshes_per_user_hour, limits.refresh_again_seconds),
    }


def make_passwords(settings: Settings) -> Passwords:
    return Passwords(
        memory_kib=settings.auth.argon2_memory_kib,
        rounds=settings.auth.argon2_rounds,
        most_waiting=settings.limits.waiting_password_hashes,
    )


def make_attempts(settings: Settings, redis: PatientRedis) -> Attempts:
    limits = settings.limits
    bounds = Bounds(
        logins_a_minute=limits.logins_per_address_minute,
        tries=limits.login_tries,
        wait_cap=limits.login_wait_cap_seconds,
        longest_delay=limits.login_delay_seconds,
        registrations_an_hour=limits.registrations_per_address_hour,
    )
    return Attempts(redis, bounds, settings.auth.jwt_keys[0].secret.get_secret_value())


def make_tokens(settings: Settings) -> Tokens:
    auth = settings.auth
    return Tokens(
        keys=[(key.id, key.secret.get_secret_value()) for key in auth.jwt_keys],
        issuer=auth.issuer,
        audience=auth.audience,
        lifetime_seconds=round(auth.token_lifetime_days * 86_400),
    )
