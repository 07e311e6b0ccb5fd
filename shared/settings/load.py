"""Where settings come from: `settings.toml` for the shape, environment `KINOSHELF__SECTION__KEY` on top."""

import os
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from shared.settings.service import Api, Auth, Limits, Logs, Postgres, Recommendations, Redis, Sentry, Statsd, Worker
from shared.settings.upstream import Budget, Catalogue, Enrichment, Kinopoisk, Search

ENV_PREFIX = "KINOSHELF__"


class InvalidSettings(Exception):
    """The settings cannot be used; the text is one sentence for the operator and holds no value."""


class Sources(BaseSettings):
    """TOML and environment, in that order of weight; unknown keys are refused."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, settings_file())
        return init_settings, env_settings, file


class Settings(Sources):
    """Every setting of the service."""

    api: Api = Api()
    auth: Auth
    postgres: Postgres
    redis: Redis
    kinopoisk: Kinopoisk
    budget: Budget = Budget()
    enrichment: Enrichment = Enrichment()
    catalogue: Catalogue = Catalogue()
    search: Search = Search()
    recommendations: Recommendations = Recommendations()
    worker: Worker = Worker()
    limits: Limits = Limits()
    logs: Logs = Logs()
    statsd: Statsd = Statsd()
    sentry: Sentry = Sentry()

    @model_validator(mode="after")
    def _lease_outlasts_a_call(self) -> "Settings":
        if self.enrichment.lease_seconds <= self.kinopoisk.deadline_seconds:
            raise ValueError("enrichment.lease_seconds must be longer than kinopoisk.deadline_seconds")
        return self


class MigrationSettings(Sources):
    """All that a migration needs: its role may differ from the service's and should hold no other secret."""

    model_config = SettingsConfigDict(extra="ignore")

    postgres: Postgres


def settings_file() -> Path:
    """Where the TOML file is: `KINOSHELF_SETTINGS`, else `settings.toml` in the working directory, if it is there."""
    return Path(os.environ.get("KINOSHELF_SETTINGS") or "settings.toml")


def _unknown_variables() -> list[str]:
    """Variables of ours that name no section: pydantic-settings would pass over them in silence."""
    sections = {name.upper() for name in Settings.model_fields}
    ours = (name for name in os.environ if name.upper().startswith(ENV_PREFIX))
    return sorted(name for name in ours if name.upper().removeprefix(ENV_PREFIX).split("__")[0] not in sections)


Loaded = TypeVar("Loaded", bound=Sources)


def load_settings() -> Settings:
    """The settings of this process. Raises InvalidSettings."""
    if unknown := _unknown_variables():
        raise InvalidSettings(f"Unknown environment variable {unknown[0]}: no such settings section.")
    return _load(Settings)


def load_migration_settings() -> MigrationSettings:
    """Only the database's address. Raises InvalidSettings."""
    return _load(MigrationSettings)


def _load(kind: type[Loaded]) -> Loaded:
    """Turn whatever is wrong into one sentence that names the key and holds no value."""
    if os.environ.get("KINOSHELF_SETTINGS") and not settings_file().exists():
        raise InvalidSettings(f"There is no settings file {settings_file()}, which KINOSHELF_SETTINGS names.")
    try:
        return kind()
    except ValidationError as error:
        raise InvalidSettings(_sentence(error)) from None
    except (SettingsError, tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InvalidSettings(f"Cannot read the settings ({settings_file()} or environment): {error}.") from None


def _sentence(error: ValidationError) -> str:
    """The first thing that is wrong, by its key and without its value."""
    wrong = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = [str(part) for part in wrong["loc"]]
    if wrong["type"] == "missing":
        variable = ENV_PREFIX + "__".join(path).upper()
        return f"Setting {'.'.join(path)} is missing: put it into {settings_file()} or into {variable}."
    message = wrong["msg"].removeprefix("Value error, ")
    return f"Setting {'.'.join(path)}: {message}." if path else f"Settings: {message}."
