"""What the developer has configured and what is left for the launcher to provide. No value is ever printed."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from pydantic_settings import EnvSettingsSource, SettingsError, TomlConfigSettingsSource

from dev.ports import free_port
from dev.problems import CannotStart
from shared.settings import Api, InvalidSettings, Limits, Settings, load_settings, settings_file

POSTGRES_URL = "KINOSHELF__POSTGRES__URL"
REDIS_URL = "KINOSHELF__REDIS__URL"
KINOPOISK_URL = "KINOSHELF__KINOPOISK__BASE_URL"
KINOPOISK_KEY = "KINOSHELF__KINOPOISK__API_KEY"
JWT_KEYS = "KINOSHELF__AUTH__JWT_KEYS"
API_PORT = "KINOSHELF__API__PORT"
# Stand for what is started later, so that everything else can be checked before anything is started.
PROMISED = {
    POSTGRES_URL: "postgresql://127.0.0.1/promised",
    REDIS_URL: "redis://127.0.0.1/0",
    KINOPOISK_URL: "http://127.0.0.1:1",
    KINOPOISK_KEY: "promised",
    JWT_KEYS: '[{"id": "promised", "secret": "0123456789abcdefghijklmnopqrstuvwxyz"}]',
}
# Limits that would hinder a developer who is alone on loopback; production keeps the defaults.
GENEROUS_LIMITS = {
    "waiting_password_hashes": 200,
    "upstream_calls_per_user_hour": 1_000,
    "refreshes_per_user_hour": 1_000,
    "refresh_again_seconds": 10,
    "requests_per_second": 100_000,
    "request_burst": 100_000,
    "concurrent_requests": 2_000,
    "connections": 5_000,
    "logins_per_address_minute": 1_000,
    "login_tries": 50,
    "login_wait_cap_seconds": 10,
    "registrations_per_address_hour": 10_000,
}


@dataclass(frozen=True)
class Plan:
    """What is to be started and where the API listens; `environment` is what every child gets on top."""

    api: Api
    redis_url: SecretStr
    embed_postgres: bool
    embed_redis: bool
    sandbox: bool
    make_jwt_key: bool
    environment: dict[str, str]


def make_plan() -> Plan:
    """Raises CannotStart with one sentence."""
    try:
        return _plan(given_settings())
    except InvalidSettings as error:
        raise CannotStart(str(error)) from None


def _plan(given: dict[str, dict[str, Any]]) -> Plan:
    kinopoisk = given.get("kinopoisk", {})
    if "base_url" in kinopoisk and "api_key" not in kinopoisk:
        raise CannotStart(f"{KINOPOISK_URL} is set and {KINOPOISK_KEY} is not: set both, or none to use the sandbox.")
    sandbox = "api_key" not in kinopoisk
    missing = {
        POSTGRES_URL: "url" not in given.get("postgres", {}),
        REDIS_URL: "url" not in given.get("redis", {}),
        KINOPOISK_URL: sandbox,
        KINOPOISK_KEY: sandbox,
        JWT_KEYS: "jwt_keys" not in given.get("auth", {}),
    }
    settings = _checked({name: PROMISED[name] for name, absent in missing.items() if absent})
    api = settings.api
    environment = _generous(given.get("limits", {}))
    if api.port == 0:
        api = api.model_copy(update={"port": free_port(api.host)})
        environment[API_PORT] = str(api.port)
    return Plan(
        api=api,
        redis_url=settings.redis.url,
        embed_postgres=missing[POSTGRES_URL],
        embed_redis=missing[REDIS_URL],
        sandbox=sandbox,
        make_jwt_key=missing[JWT_KEYS],
        environment=environment,
    )


def given_settings() -> dict[str, dict[str, Any]]:
    """What settings.toml and the environment say, defaults left out."""
    try:
        file = TomlConfigSettingsSource(Settings, settings_file())()
        environment = EnvSettingsSource(Settings)()
    except (SettingsError, tomllib.TOMLDecodeError, UnicodeDecodeError, OSError):
        load_settings()  # says what is wrong
        raise
    sections = file | environment
    for name in file.keys() & environment.keys():
        if isinstance(file[name], dict) and isinstance(environment[name], dict):
            sections[name] = file[name] | environment[name]
    return {name: section if isinstance(section, dict) else {} for name, section in sections.items()}


def _checked(promised: Mapping[str, str]) -> Settings:
    with _environment(promised):
        return load_settings()


@contextmanager
def _environment(extra: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(extra)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _generous(given: Mapping[str, object]) -> dict[str, str]:
    limits = {name: value for name, value in GENEROUS_LIMITS.items() if name in Limits.model_fields}
    return {f"KINOSHELF__LIMITS__{name.upper()}": str(value) for name, value in limits.items() if name not in given}
