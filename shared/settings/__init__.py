"""Settings of both processes. Importable at the edge only: composition roots, migrations, the launcher."""

from shared.settings.load import (
    ENV_PREFIX,
    InvalidSettings,
    Settings,
    load_migration_settings,
    load_settings,
    settings_file,
)
from shared.settings.secret_values import secret_values
from shared.settings.service import (
    Api,
    Auth,
    JwtKey,
    Limits,
    Logs,
    Postgres,
    Recommendations,
    Redis,
    Sentry,
    Statsd,
    Worker,
)
from shared.settings.upstream import Budget, Catalogue, Enrichment, Kinopoisk, Search

__all__ = [
    "ENV_PREFIX",
    "Api",
    "Auth",
    "Budget",
    "Catalogue",
    "Enrichment",
    "InvalidSettings",
    "JwtKey",
    "Kinopoisk",
    "Limits",
    "Logs",
    "Postgres",
    "Recommendations",
    "Redis",
    "Search",
    "Sentry",
    "Settings",
    "Statsd",
    "Worker",
    "load_migration_settings",
    "load_settings",
    "secret_values",
    "settings_file",
]
