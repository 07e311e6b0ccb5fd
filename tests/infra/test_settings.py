"""Settings: file and environment, and what is refused. Every refusal is one sentence without a secret in it."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from shared.settings import InvalidSettings, Settings, load_migration_settings, load_settings, secret_values
from tests.infra.files import CANARY, GOOD, GOOD_ENVIRONMENT, JWT_SECRET, replaced, with_line, without, write

Load = Callable[..., Settings]
OTHER_SECRET = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0iL"


def two_keys(first: str, second: str) -> str:
    keys = f'[{{ id = "{first}", secret = "{JWT_SECRET}" }}, {{ id = "{second}", secret = "{OTHER_SECRET}" }}]'
    return replaced("jwt_keys", keys)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder and no variable of ours."""
    for name in list(os.environ):
        if name.upper().startswith("KINOSHELF"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Load this text as settings.toml, under these variables."""

    def loaded(text: str | bytes = GOOD, **environment: str) -> Settings:
        write(tmp_path, text)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return loaded


def refusal(load: Load, text: str | bytes = GOOD, **environment: str) -> str:
    """What the operator reads: one sentence, without a secret."""
    with pytest.raises(InvalidSettings) as caught:
        load(text, **environment)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    return sentence


def test_the_file_alone_is_enough(load: Load) -> None:
    settings = load()
    assert settings.kinopoisk.api_key.get_secret_value() == CANARY
    assert settings.auth.jwt_keys[0].id == "first"


def test_the_environment_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert load_settings().auth.jwt_keys[0].secret.get_secret_value() == JWT_SECRET


def test_the_environment_weighs_more_than_the_file(load: Load) -> None:
    settings = load(with_line("api", 'port = 1\nhost = "::1"'), KINOSHELF__API__PORT="2")
    assert (settings.api.port, settings.api.host) == (2, "::1")


def test_a_variable_may_be_written_in_small_letters(load: Load) -> None:
    assert load(kinoshelf__api__port="2").api.port == 2


def test_an_empty_variable_is_as_good_as_none(load: Load) -> None:
    assert load(with_line("api", "port = 1"), KINOSHELF__API__PORT="").api.port == 1


def test_the_file_may_lie_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("KINOSHELF_SETTINGS", str(write(elsewhere, with_line("api", "port = 7"))))
    assert load_settings().api.port == 7


@pytest.mark.parametrize(
    "text",
    [
        with_line("api", "prot = 1"),
        with_line("limits", "favourites_per_user = 5"),
        with_line("apis", "port = 1"),
        f"port = 1\n{GOOD}",
        replaced("jwt_keys", f'[{{ id = "a", secret = "{JWT_SECRET}", algorithm = "none" }}]'),
    ],
    ids=["key", "spelling", "section", "no section", "jwt key"],
)
def test_an_unknown_key_in_the_file_is_refused(load: Load, text: str) -> None:
    refusal(load, text)


@pytest.mark.parametrize(
    "name", ["KINOSHELF__API__PROT", "KINOSHELF__APIS__PORT", "KINOSHELF__PORT", "KINOSHELF__API__PORT__X"]
)
def test_an_unknown_variable_is_refused(load: Load, name: str) -> None:
    refusal(load, GOOD, **{name: "1"})


@pytest.mark.parametrize("origin", ["*", "null", "films.example.org", "https://films.example.org/", "https://*.test"])
def test_pages_elsewhere_are_named_exactly(load: Load, origin: str) -> None:
    refusal(load, with_line("api", f'cors_origins = ["{origin}"]'))


@pytest.mark.parametrize("host", ["*", "films.*", "*films.test", "https://films.test", "films.test:80", ""])
def test_names_of_hosts_are_names(load: Load, host: str) -> None:
    refusal(load, with_line("api", f'allowed_hosts = ["{host}"]'))


def test_hosts_and_pages_can_be_variables(load: Load) -> None:
    variables = {"KINOSHELF__API__ALLOWED_HOSTS": '["films.test"]', "KINOSHELF__API__CORS_ORIGINS": "[]"}
    assert load(GOOD, **variables).api.allowed_hosts == ("films.test",)


@pytest.mark.parametrize("key", ["jwt_keys", "api_key", "url"])
def test_a_missing_secret_is_named(load: Load, key: str) -> None:
    assert key in refusal(load, without(key))


@pytest.mark.parametrize(
    "secret",
    [
        "",
        CANARY,
        "Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9b",
        "example-Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ",
        "Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ-EXAMPLE",
        "a" * 64,
        "changeme" * 8,
        "ChangeMe-Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9b",
        "12345678901234567890123456789012",
        "Zr8yq2vTn5W1x" * 3,
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "a-string-secret-at-least-256-bits-long",
        "your-256-bit-secret-your-256-bit-secret",
    ],
    ids=[
        *("empty", "short", "31 bytes", "example", "EXAMPLE", "one letter", "changeme", "ChangeMe", "digits"),
        *("repeated", "of FastAPI", "of jwt.io", "of jwt.io before"),
    ],
)
def test_a_secret_that_can_be_guessed_does_not_start(load: Load, secret: str) -> None:
    keys = f'[{{ id = "first", secret = "{secret}" }}]'
    assert "auth.jwt_keys.0.secret" in refusal(load, replaced("jwt_keys", keys))


@pytest.mark.parametrize("secret", ["0123456789abcdefghijklmnopqrstuvwxyz", JWT_SECRET, OTHER_SECRET * 2])
def test_a_secret_of_which_nothing_bad_is_known_is_taken(load: Load, secret: str) -> None:
    settings = load(replaced("jwt_keys", f'[{{ id = "first", secret = "{secret}" }}]'))
    assert settings.auth.jwt_keys[0].secret.get_secret_value() == secret


def test_every_key_must_be_strong_and_not_only_the_first(load: Load) -> None:
    keys = f'[{{ id = "a", secret = "{JWT_SECRET}" }}, {{ id = "b", secret = "short" }}]'
    assert "auth.jwt_keys.1.secret" in refusal(load, replaced("jwt_keys", keys))


def test_no_key_at_all_is_refused(load: Load) -> None:
    assert "jwt_keys" in refusal(load, replaced("jwt_keys", "[]"))


def test_several_keys_are_kept_in_their_order(load: Load) -> None:
    assert [key.id for key in load(two_keys("new", "old")).auth.jwt_keys] == ["new", "old"]


def test_two_keys_of_one_id_are_refused(load: Load) -> None:
    """The first would sign and the second verify: nobody could log in."""
    refusal(load, two_keys("same", "same"))


@pytest.mark.parametrize("key_id", ["", "a b", "ключ", "a" * 65, "a\\n"])
def test_an_id_of_a_key_is_short_and_plain(load: Load, key_id: str) -> None:
    refusal(load, two_keys(key_id, "old"))


@pytest.mark.parametrize(
    ("spelling", "url"),
    [
        ("postgres://u:p@h:5432/d", "postgresql+asyncpg://u:p@h:5432/d"),
        ("postgresql://u:p@h:5432/d", "postgresql+asyncpg://u:p@h:5432/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p%40%2F@h/d", "postgresql+asyncpg://u:p%40%2F@h/d"),
        ("postgresql://u@[::1]:5432/d", "postgresql+asyncpg://u@[::1]:5432/d"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+asyncpg://u:p@h/d?ssl=require"),
    ],
)
def test_every_usual_spelling_of_a_database_is_taken(load: Load, spelling: str, url: str) -> None:
    assert load(KINOSHELF__POSTGRES__URL=spelling).postgres.url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{CANARY}@h/d",
        f"postgresql+psycopg2://u:{CANARY}@h/d",
        f"{CANARY}",
        f"u:{CANARY}@h/d",
        "sqlite:///x",
        f"postgresql://u:{CANARY}@h:port/d",
        f"POSTGRESQL//{CANARY}",
    ],
)
def test_an_address_that_is_no_database_is_refused(load: Load, url: str) -> None:
    assert "postgres.url" in refusal(load, GOOD, KINOSHELF__POSTGRES__URL=url)


@pytest.mark.parametrize("url", [CANARY, f"http://{CANARY}", f"redis://:{CANARY}@h:port/0", f"{CANARY}:6379"])
def test_an_address_that_is_no_redis_is_refused(load: Load, url: str) -> None:
    assert "redis.url" in refusal(load, GOOD, KINOSHELF__REDIS__URL=url)


@pytest.mark.parametrize("url", ["redis://h", "redis://:p@h:6379/0", "rediss://h/1", "unix:///run/redis.sock"])
def test_every_usual_spelling_of_a_redis_is_taken(load: Load, url: str) -> None:
    assert load(KINOSHELF__REDIS__URL=url).redis.url.get_secret_value() == url


@pytest.mark.parametrize(
    "url", [CANARY, f"ftp://{CANARY}", f"https://u:{CANARY}@h", "https://h?key=1", "https://h/#x", "https://h /"]
)
def test_an_address_that_is_no_kinopoisk_is_refused(load: Load, url: str) -> None:
    assert "kinopoisk.base_url" in refusal(load, GOOD, KINOSHELF__KINOPOISK__BASE_URL=url)


@pytest.mark.parametrize(
    "dsn",
    [
        CANARY,
        "https://sentry.test/1",
        f"https://{CANARY}@sentry.test",
        f"https://{CANARY}@sentry.test/project",
        f"https://{CANARY}@:1/1",
        f"https://{CANARY}@sentry.test:port/1",
        f"ftp://{CANARY}@sentry.test/1",
    ],
)
def test_an_address_that_is_no_sentry_is_refused(load: Load, dsn: str) -> None:
    assert "sentry.dsn" in refusal(load, GOOD, KINOSHELF__SENTRY__DSN=dsn)


@pytest.mark.parametrize("dsn", ["https://key@o1.ingest.sentry.test/42", "http://key:old@127.0.0.1:9000/path/1"])
def test_every_usual_spelling_of_a_sentry_is_taken(load: Load, dsn: str) -> None:
    assert "key" in secret_values(load(KINOSHELF__SENTRY__DSN=dsn))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API__PORT", "70000"),
        ("API__PORT", "-1"),
        ("API__PORT", "http"),
        ("POSTGRES__POOL_SIZE", "0"),
        ("POSTGRES__POOL_TIMEOUT_SECONDS", "0"),
        ("REDIS__TIMEOUT_SECONDS", "-1"),
        ("REDIS__TIMEOUT_SECONDS", "nan"),
        ("REDIS__TIMEOUT_SECONDS", "inf"),
        ("KINOPOISK__RATE_PER_SECOND", "0"),
        ("KINOPOISK__BURST", "0.5"),
        ("ENRICHMENT__SWEEP_SECONDS", "31"),
        ("AUTH__TOKEN_LIFETIME_DAYS", "400"),
        ("LOGS__FORMAT", "xml"),
        ("LOGS__LEVEL", "loud"),
        ("STATSD__PORT", "0"),
        ("STATSD__PREFIX", "kino shelf"),
        ("STATSD__PREFIX", "kino:1|c"),
        ("SENTRY__ENVIRONMENT", "a/b"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_its_key(load: Load, name: str, value: str) -> None:
    key = name.lower().replace("__", ".")
    assert key in refusal(load, GOOD, **{f"KINOSHELF__{name}": value})


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        (replaced("api_key", f'["{CANARY}"]'), {}),
        (replaced("api_key", '""'), {}),
        (replaced("url", f'{{ password = "{CANARY}" }}'), {}),
        (replaced("dsn", f'["{CANARY}"]'), {}),
        (replaced("jwt_keys", f'"{CANARY}"'), {}),
        (replaced("jwt_keys", f'["{CANARY}"]'), {}),
        (replaced("api_key", CANARY), {}),
        (replaced("api_key", f'"{CANARY}'), {}),
        (replaced("api_key", f'"{CANARY}\\q"'), {}),
        (f"{GOOD}\napi_key {CANARY}", {}),
        (GOOD + GOOD, {}),
        (f"{GOOD}\n[kinopoisk]\n", {}),
        (GOOD.encode() + b'\n[logs]\nlevel = "\xff"', {}),
        (GOOD.encode("utf-16"), {}),
        (GOOD, {"KINOSHELF__AUTH__JWT_KEYS": f'[{{"id": "a", "secret": "{CANARY}'}),
        (GOOD, {"KINOSHELF__AUTH__JWT_KEYS": CANARY}),
        (GOOD, {"KINOSHELF__AUTH": f'{{"jwt_keys": "{CANARY}"}}'}),
        (GOOD, {"KINOSHELF__AUTH": CANARY}),
        (GOOD, {"KINOSHELF__API__PORT": CANARY}),
        (GOOD, {"KINOSHELF__LOGS__LEVEL": CANARY}),
    ],
)
def test_no_refusal_tells_a_secret(load: Load, text: str | bytes, environment: dict[str, str]) -> None:
    refusal(load, text, **environment)


def test_no_form_of_the_settings_tells_a_secret(load: Load) -> None:
    settings = load()
    told = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()} {settings.postgres!r}"
    assert CANARY not in told


def test_not_even_pydantic_tells_a_secret() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"auth": {"jwt_keys": [{"id": "a", "secret": CANARY}]}, "redis": {"url": [CANARY]}})
    assert CANARY not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("name", ["absent.toml", "absent/settings.toml", "."])
def test_a_file_named_by_the_environment_must_be_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("KINOSHELF_SETTINGS", str(tmp_path / name))
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert str(tmp_path / name) in str(caught.value)


def test_settings_cannot_be_changed(load: Load) -> None:
    settings = load()
    with pytest.raises(ValidationError):
        type(settings.api).__setattr__(settings.api, "port", 1)


def test_a_migration_needs_the_database_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINOSHELF__POSTGRES__URL", "postgres://u:p@h/d")
    assert load_migration_settings().postgres.url.get_secret_value() == "postgresql+asyncpg://u:p@h/d"


def test_a_migration_without_a_database_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="postgres"):
        load_migration_settings()


def test_what_a_fresh_service_asks_upstream_stays_under_nine_tenths_of_its_limits(load: Load) -> None:
    chosen = load().kinopoisk
    assert chosen.rate_per_second + chosen.burst <= 18
    assert chosen.search_rate_per_second + chosen.search_burst <= 4.5


def plain_settings() -> list[tuple[str, Any]]:
    """Every key with a plain default, as the environment would name it."""
    found = []
    for section, field in Settings.model_fields.items():
        kind = field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        for key, entry in kind.model_fields.items():
            if isinstance(entry.default, str | int | float) and not isinstance(entry.default, SecretStr):
                found.append((f"KINOSHELF__{section}__{key}".upper(), entry.default))
    return found


@pytest.mark.parametrize(("name", "value"), plain_settings(), ids=[name for name, _ in plain_settings()])
def test_every_plain_setting_can_be_set_by_a_variable(load: Load, name: str, value: Any) -> None:
    settings = load(**{name: str(value)})
    _, section, key = name.lower().split("__")
    assert getattr(getattr(settings, section), key) == value
