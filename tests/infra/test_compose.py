"""What docker-compose.yml promises: no default secrets, nothing open but the proxy, bounds for every container."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev import env_file
from shared.settings import Limits, Settings
from worker.main import FINISH_SECONDS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
KINOPOISK_KEY = "KINOPOISK_API_KEY"
# Images of others that write beside their volumes.
WRITES = {"graphite", "pgadmin", "bugsink"}


def assignments(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


def required() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))


def test_every_secret_is_asked_for() -> None:
    secret = re.compile(r"PASSWORD|SECRET|KEY")
    assert {name for name in re.findall(r"(?<!\$)\$\{([A-Z_]+)", TEXT) if secret.search(name)} <= required()
    for name, service in SERVICES.items():
        variables = service.get("environment", {})
        given = {key: value for key, value in variables.items() if secret.search(key) or "://" in str(value)}
        bare = {key for key, value in given.items() if "${" not in str(value)}
        assert bare <= {"GRAPHITE_URL"}, f"{name} has a secret or an address with one in plain sight"


def test_every_secret_is_generated_but_the_key_of_kinopoisk() -> None:
    assert required() == {KINOPOISK_KEY, *env_file.NAMES, "JWT_KEYS"}
    production, demo = (assignments(env_file.text(demo=demo)) for demo in (False, True))
    assert {name for name in required() if not production[name]} == {KINOPOISK_KEY}
    assert all(demo[name] for name in required())


def test_only_the_proxy_is_open() -> None:
    published = {name: port for name, service in SERVICES.items() for port in service.get("ports", ())}
    assert published.pop("proxy") == "${KINOSHELF_LISTEN:-8000}:8080"
    assert set(published) == {"grafana", "pgadmin", "bugsink"}
    assert all(port.startswith("127.0.0.1:") for port in published.values())


def test_who_can_reach_the_database() -> None:
    assert {name for name, service in SERVICES.items() if "database" in service["networks"]} == {
        *("postgres", "migrate", "api", "worker", "pgadmin")
    }
    assert {name for name, network in COMPOSE["networks"].items() if network.get("internal")} == {
        *("database", "cache", "metrics")
    }
    assert SERVICES["postgres"]["networks"] == ["database"]


def test_the_service_may_change_rows_and_nothing_else_in_the_database() -> None:
    text = " ".join((ROOT / "deploy/postgres.sql").read_text(encoding="utf-8").split())
    granted = re.findall(r"GRANT ([A-Z, ]+) ON (\w+)(?: \w+)? TO kinoshelf;", text)
    assert {(what, rights) for rights, what in granted} == {
        ("DATABASE", "CONNECT, TEMPORARY"),
        ("SCHEMA", "USAGE"),
        ("TABLES", "SELECT, INSERT, UPDATE, DELETE, MAINTAIN"),
        ("SEQUENCES", "USAGE, SELECT"),
    }
    assert "CREATE ROLE kinoshelf LOGIN PASSWORD" in text
    assert not re.search(r"SUPERUSER|CREATEROLE|CREATEDB|GRANT kinoshelf_owner", text)


def test_redis_knows_one_user_who_may_neither_empty_nor_configure_it() -> None:
    [script] = SERVICES["redis"]["command"]
    assert re.findall(r"^\s*user (\w+) (\w+)", script, re.MULTILINE) == [("default", "off"), ("kinoshelf", "on")]
    assert "+@all -@dangerous -@admin +info\n" in script


@EVERY_SERVICE
def test_every_container_is_bounded(service: dict[str, Any]) -> None:
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["restart"] == ("no" if "alembic" in service.get("command", ()) else "unless-stopped")


@EVERY_SERVICE
def test_no_container_has_more_rights_than_it_needs(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_only_images_of_others_write_outside_volumes() -> None:
    assert {name for name, service in SERVICES.items() if not service["read_only"]} == WRITES
    assert {name for name, service in SERVICES.items() if "cap_add" in service} == {"graphite", "pgadmin"}


@EVERY_SERVICE
def test_every_container_is_asked_for_its_health(service: dict[str, Any]) -> None:
    image = service.get("build", {}).get("dockerfile")
    assert "healthcheck" in service or "\nHEALTHCHECK " in (ROOT / image).read_text(encoding="utf-8")


def test_there_is_time_to_finish() -> None:
    assert seconds("api") > Settings.model_fields["api"].default.drain_seconds + 10
    assert seconds("worker") > FINISH_SECONDS + 10


def seconds(service: str) -> int:
    return int(SERVICES[service]["stop_grace_period"].removesuffix("s"))


def test_settings_in_the_environment_exist() -> None:
    for service in SERVICES.values():
        for name in service.get("environment", {}):
            if name.startswith("KINOSHELF__"):
                _, section, key = name.lower().split("__")
                shape: Any = Settings.model_fields[section].annotation
                assert key in shape.model_fields, name


def test_files_that_are_mounted_are_there() -> None:
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", ()) if volume[0] == "."]
    sources = [re.sub(r"\$\{[A-Z_]+:-(\w+)\}", r"\1", volume).split(":")[0] for volume in mounted]
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_proxy_takes_as_large_a_body_as_the_api() -> None:
    proxy = (ROOT / "proxy/nginx.conf").read_text(encoding="utf-8")
    kibibytes = re.search(r"client_max_body_size (\d+)k;", proxy)
    assert kibibytes
    assert int(kibibytes[1]) * 1024 == Limits().body_bytes


def test_no_image_holds_history_settings_or_secrets() -> None:
    """Everything is left out but what is named, and what is named is neither."""
    first, *rest = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[1:]
    taken = {line.removeprefix("!") for line in rest if line.startswith("!")}
    assert first == "*"
    assert taken == {
        *("api", "worker", "shared", "migrations", "dev/__init__.py", "dev/sandbox", "pyproject.toml"),
        *("requirements/api.txt", "requirements/worker.txt"),
    }
    for half in ("api", "worker"):
        copied = re.findall(r"^COPY (?!--from)(\S+) ", (ROOT / f"Dockerfile.{half}").read_text("utf-8"), re.MULTILINE)
        assert {*copied} <= taken


@pytest.mark.parametrize("half", ["api", "worker"])
def test_an_image_is_made_of_locked_wheels_and_runs_as_nobody(half: str) -> None:
    text = (ROOT / f"Dockerfile.{half}").read_text(encoding="utf-8")
    assert f"--require-hashes --no-deps --only-binary :all: --requirement /tmp/{half}.txt" in text
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    assert "# syntax" not in text  # it would be fetched at each build


def test_docker_compose_takes_the_file(tmp_path: Path) -> None:
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], check=False).returncode:
        pytest.skip("there is no docker compose on this machine")
    (tmp_path / "env").write_text(env_file.text(demo=True))
    profiles = [f"--profile={profile}" for profile in ("admin", "sentry", "demo")]
    command = ["docker", "compose", "--env-file", str(tmp_path / "env"), *profiles, "config", "--format=json"]
    resolved = json.loads(subprocess.check_output(command, cwd=ROOT, env=client_environment()))
    assert resolved["services"].keys() == SERVICES.keys()


def client_environment() -> dict[str, str]:
    """What Docker's client needs, and nothing that the file would take for its own."""
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"} or name.startswith("DOCKER_")}
