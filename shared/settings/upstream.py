"""The sections about Kinopoisk: how it is called, what a day may cost, when what is fetched, how searches last."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from shared.settings.values import Amount, Count, Seconds, Section, Share


def _with_a_port(address: str) -> str:
    try:
        _ = urlsplit(address).port  # raises where it is no number
    except ValueError:
        raise ValueError("has a port that is none") from None
    return address


def _sendable(secret: SecretStr) -> SecretStr:
    """It travels in a header."""
    if not secret.get_secret_value().isprintable():
        raise ValueError("holds letters that cannot be sent")
    return secret


class Kinopoisk(Section):
    base_url: Annotated[
        str, Field(pattern=r"^https?://[A-Za-z0-9._\[\]:-]+(/[A-Za-z0-9/._~-]*)?$"), AfterValidator(_with_a_port)
    ] = "https://kinopoiskapiunofficial.tech"
    api_key: Annotated[SecretStr, Field(min_length=1), AfterValidator(_sendable)]
    connect_timeout_seconds: Seconds = 2
    read_timeout_seconds: Seconds = 8
    deadline_seconds: Seconds = 10
    max_body_bytes: Count = 1_048_576
    max_connections: Count = 100
    rate_per_second: Amount = 14
    burst: Count = 3
    search_rate_per_second: Amount = 3.5
    search_burst: Count = 1
    rate_without_redis: Amount = 1
    calls_at_once: Count = 3


class Budget(Section):
    daily_limit: Annotated[int, Field(ge=-1)] = 500
    day_seconds: Seconds = 86_400
    reconcile_seconds: Seconds = 900
    new_ceiling: Share = 0.9
    refresh_ceiling: Share = 0.6
    catalogue_ceiling: Share = 0.4


class Enrichment(Section):
    concurrency: Count = 8
    lease_seconds: Seconds = 60
    sweep_seconds: Annotated[int, Field(ge=1, le=30)] = 5
    max_attempts: Count = 6
    retry_base_seconds: Seconds = 30
    retry_cap_seconds: Seconds = 3600
    give_up_seconds: Seconds = 86_400
    refresh_new_days: Amount = 3
    refresh_recent_days: Amount = 14
    refresh_old_days: Amount = 60
    not_found_days: Amount = 7
    quota_pause_seconds: Seconds = 900
    quota_pause_cap_seconds: Seconds = 3_600
    refused_pause_seconds: Seconds = 300
    refused_pause_cap_seconds: Seconds = 900
    too_fast_pause_seconds: Seconds = 2
    too_fast_pause_cap_seconds: Seconds = 60
    broken_pause_seconds: Seconds = 30
    broken_pause_cap_seconds: Seconds = 600
    interactive_wait_seconds: Seconds = 12
    fallback_wait_seconds: Seconds = 3
    views_seconds: Seconds = 10


class Catalogue(Section):
    enabled: bool = True
    collections_days: Amount = 30
    relations_days: Amount = 90


class Search(Section):
    fresh_seconds: Seconds = 86_400
    kept_seconds: Seconds = 2_592_000
