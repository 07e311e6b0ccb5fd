"""How both composition roots build what they share from the settings."""

from sqlalchemy.ext.asyncio import AsyncEngine

from shared import postgres, redis_client
from shared.enrichment.films import Upstream
from shared.enrichment.gate import Gate
from shared.enrichment.limiter import Limiter
from shared.enrichment.policy import Policy
from shared.kinopoisk.client import Bounds, KinopoiskClient
from shared.redis_client import PatientRedis
from shared.settings import Settings


def write_engine(settings: Settings, application: str) -> AsyncEngine:
    return postgres.write_engine(settings.postgres.url.get_secret_value(), application, **_pool(settings))


def read_engine(settings: Settings, application: str) -> AsyncEngine:
    return postgres.read_engine(settings.postgres.url.get_secret_value(), application, **_pool(settings))


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
    """Client, gate, limiter and policy as set."""
    kinopoisk, enrichment = settings.kinopoisk, settings.enrichment
    bounds = Bounds(
        connect_timeout=kinopoisk.connect_timeout_seconds,
        read_timeout=kinopoisk.read_timeout_seconds,
        deadline=kinopoisk.deadline_seconds,
        max_body_bytes=kinopoisk.max_body_bytes,
        max_connections=kinopoisk.max_connections,
    )
    client = KinopoiskClient(kinopoisk.base_url, kinopoisk.api_key.get_secret_value(), bounds)
    pauses = {
        "quota": enrichment.quota_pause_seconds,
        "refused": enrichment.refused_pause_seconds,
        "too_fast": enrichment.too_fast_pause_seconds,
    }
    gate = Gate(engine, pauses, probe_seconds=kinopoisk.deadline_seconds + 1)
    limiter = Limiter(
        redis,
        overall=(kinopoisk.rate_per_second, kinopoisk.burst),
        search=(kinopoisk.search_rate_per_second, kinopoisk.search_burst),
        rate_without_redis=kinopoisk.rate_without_redis,
    )
    return Upstream(engine, client, gate, limiter, Policy(**enrichment.model_dump(include=POLICY_FIELDS)))


POLICY_FIELDS = set(Policy.__dataclass_fields__)
