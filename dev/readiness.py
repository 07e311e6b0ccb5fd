"""How the launcher knows that the API, the worker and the sandbox are there."""

import re
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from redis import Redis, RedisError

ANSWER_SECONDS = 2.0
WORKERS = "kinoshelf:worker:*"
LISTENING = re.compile(r"^Sandbox: (http://\S+)$", re.MULTILINE)


def answers_ready(address: str) -> bool:
    """Whether GET /health/ready says 200; no proxy in between."""
    try:
        with build_opener(ProxyHandler({})).open(f"{address}/health/ready", timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (URLError, HTTPException, OSError):
        return False


def sandbox_address(log: Path) -> str | None:
    """What the sandbox has printed once it listens."""
    found = LISTENING.search(log.read_text(errors="replace"))
    return found[1] if found else None


def redis_answers(url: str) -> bool:
    try:
        with _client(url) as client:
            return bool(client.ping())
    except RedisError:
        return False


def worker_reported(url: str) -> bool:
    try:
        with _client(url) as client:
            return next(client.scan_iter(match=WORKERS, count=1000), None) is not None
    except RedisError:
        return False


def forget_workers(url: str) -> None:
    """Reports of an earlier run, which a kept Valkey still holds."""
    with _client(url) as client:
        for key in list(client.scan_iter(match=WORKERS, count=1000)):
            client.delete(key)


def _client(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS)
