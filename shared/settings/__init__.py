"""Settings of both processes. Importable at the edge only: composition roots, migrations, the launcher."""

from shared.settings.load import (
    ENV_PREFIX,
    InvalidSettings,
    Settings,
    load_migration_settings,
    load_settings,
    settings_file,
)
from shared.settings.sections import (
    Api,
    Auth,
    Enrichment,
    JwtKey,
    Kinopoisk,
    Limits,
    Logs,
    Postgres,
    Redis,
    Sentry,
    Statsd,
)

__all__ = [
    "ENV_PREFIX",
    "Api",
    "Auth",
    "Enrichment",
    "InvalidSettings",
    "JwtKey",
    "Kinopoisk",
    "Limits",
    "Logs",
    "Postgres",
    "Redis",
    "Sentry",
    "Settings",
    "Statsd",
    "load_migration_settings",
    "load_settings",
    "settings_file",
]
