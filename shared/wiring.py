"""How both composition roots build what they share from the settings."""

from sqlalchemy.ext.asyncio import AsyncEngine

from shared import metrics, postgres, redis_client, sentry
from shared.answer_cache import AnswerCache
from shared.enrichment.policy import Policy
from shared.enrichment.search_cache import SearchCache
from shared.enrichment.upstream import Upstream
from shared.kinopoisk.client import Bounds, KinopoiskClient
from shared.redis_client import PatientRedis
from shared.settings import Settings, secret_values
from shared.upstream import gate
from shared.upstream.limiter import Limiter
from shared.upstream.terms import Kind, Terms
from shared.version import RELEASE

HEALTH_SECONDS = 2.0


def write_engine(settings: Settings, application: str) -> AsyncEngine:
    return postgres.write_engine(settings.postgres.url.get_secret_value(), application, **_pool(settings))


def patient_engine(settings: Settings, application: str) -> AsyncEngine:
    return postgres.patient_engine(settings.postgres.url.get_secret_value(), application, **_pool(settings))


def read_engine(settings: Settings, application: str) -> AsyncEngine:
    return postgres.read_engine(settings.postgres.url.get_secret_value(), application, **_pool(settings))


def health_engine(settings: Settings, application: str) -> AsyncEngine:
    """One connection, beside those that may all be taken, for a question that is not waited for long."""
    one = {"pool_size": 1, "pool_timeout": HEALTH_SECONDS, "command_timeout": HEALTH_SECONDS}
    return postgres.read_engine(settings.postgres.url.get_secret_value(), application, **one)


def _pool(settings: Settings) -> dict[str, float]:
    chosen = settings.postgres
    return {
        "pool_size": chosen.pool_size,
        "pool_timeout": chosen.pool_timeout_seconds,
        "command_timeout": chosen.command_timeout_seconds,
    }


def patient_redis(settings: Settings) -> PatientRedis:
    chosen = settings.redis
    client = redis_client.connect(chosen.url.get_secret_value(), chosen.timeout_seconds)
    return PatientRedis(client, chosen.timeout_seconds, chosen.skip_seconds)


def upstream(settings: Settings, engine: AsyncEngine, redis: PatientRedis) -> Upstream:
    """Client, limiter, terms and policy as set."""
    return Upstream(engine, kinopoisk(settings), limiter(settings, redis), terms(settings), policy(settings))


def kinopoisk(settings: Settings) -> KinopoiskClient:
    chosen = settings.kinopoisk
    bounds = Bounds(
        connect_timeout=chosen.connect_timeout_seconds,
        read_timeout=chosen.read_timeout_seconds,
        deadline=chosen.deadline_seconds,
        max_body_bytes=chosen.max_body_bytes,
        max_connections=chosen.max_connections,
    )
    return KinopoiskClient(chosen.base_url, chosen.api_key.get_secret_value(), bounds)


def limiter(settings: Settings, redis: PatientRedis) -> Limiter:
    chosen = settings.kinopoisk
    return Limiter(
        redis,
        overall=(chosen.rate_per_second, chosen.burst),
        lists=(chosen.search_rate_per_second, chosen.search_burst),
        rate_without_redis=chosen.rate_without_redis,
    )


def terms(settings: Settings) -> Terms:
    budget, enrichment = settings.budget, settings.enrichment
    return Terms(
        daily_limit=budget.daily_limit,
        day_seconds=budget.day_seconds,
        ceilings={
            Kind.INTERACTIVE: 1.0,
            Kind.NEW: budget.new_ceiling,
            Kind.REFRESH: budget.refresh_ceiling,
            Kind.CATALOGUE: budget.catalogue_ceiling,
        },
        calls_at_once=settings.kinopoisk.calls_at_once,
        call_seconds=settings.kinopoisk.deadline_seconds + 1,
        calls_per_user_hour=settings.limits.upstream_calls_per_user_hour,
        reconcile_seconds=budget.reconcile_seconds,
        pauses={
            gate.QUOTA: (enrichment.quota_pause_seconds, enrichment.quota_pause_cap_seconds),
            gate.REFUSED: (enrichment.refused_pause_seconds, enrichment.refused_pause_cap_seconds),
            gate.TOO_FAST: (enrichment.too_fast_pause_seconds, enrichment.too_fast_pause_cap_seconds),
            gate.BROKEN: (enrichment.broken_pause_seconds, enrichment.broken_pause_cap_seconds),
        },
    )


def policy(settings: Settings) -> Policy:
    intervals = settings.enrichment.model_dump(include=POLICY_FIELDS) | settings.catalogue.model_dump(
        include=POLICY_FIELDS
    )
    return Policy(**intervals, day_seconds=settings.budget.day_seconds)


def search_cache(settings: Settings, redis: PatientRedis) -> SearchCache:
    return SearchCache(redis, settings.search.fresh_seconds, settings.search.kept_seconds)


def answer_cache(settings: Settings, redis: PatientRedis) -> AnswerCache:
    return AnswerCache("recommendations", redis, settings.recommendations.kept_seconds)


def start_metrics(settings: Settings) -> None:
    """Once in a process; `metrics.close` ends it."""
    metrics.start(settings.statsd.host, settings.statsd.port, settings.statsd.prefix)


def start_sentry(settings: Settings, service: str) -> None:
    """Once in a process, after its logs; `sentry.close` ends it."""
    dsn = settings.sentry.dsn.get_secret_value() if settings.sentry.dsn else None
    environment, secrets = settings.sentry.environment, secret_values(settings)
    sentry.start(dsn, service, RELEASE, environment=environment, secrets=secrets)


POLICY_FIELDS = set(Policy.__dataclass_fields__) - {"day_seconds"}
