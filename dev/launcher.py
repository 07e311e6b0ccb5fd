"""Starts everything in order, watches it, and stops it in the opposite order."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dev.configuration import JWT_KEYS, KINOPOISK_KEY, KINOPOISK_URL, POSTGRES_URL, REDIS_URL, Plan, make_plan
from dev.data import data_folder, only_user_of
from dev.interrupts import Interrupts, Stopped
from dev.keys import keep_secret
from dev.ports import require_free, web_address
from dev.postgres import embedded_postgres
from dev.problems import CannotStart
from dev.processes import Child, Program, run_to_end, start_child, stop_children, wait_until
from dev.readiness import answers_ready, forget_workers, redis_answers, sandbox_address, worker_reported
from dev.speech import complain, say
from dev.valkey import embedded_valkey

SANDBOX_KEY = "sandbox-key"
# Modules of ours and their arguments.
API = ["api"]
WORKER = ["worker"]
SANDBOX = ["dev.sandbox", "--port", "0", "--key", SANDBOX_KEY]
MIGRATION = ["alembic", "upgrade", "head"]
DRAIN_SECONDS = 35
WATCH_SECONDS = 0.5


class Launch:
    """One start: the children so far, and the environment that the next ones get."""

    def __init__(self, plan: Plan, data: Path, interrupts: Interrupts, stack: ExitStack) -> None:
        self.plan = plan
        self.data = data
        self.interrupts = interrupts
        self.stack = stack
        self.environment = os.environ | plan.environment
        self.children: list[Child] = []

    def provide_key(self) -> None:
        if self.plan.make_jwt_key:
            key = {"id": "local", "secret": keep_secret(self.data / "jwt-secret")}
            self.environment[JWT_KEYS] = json.dumps([key])

    def provide_postgres(self) -> None:
        if not self.plan.embed_postgres:
            return
        server = self.stack.enter_context(embedded_postgres(self.data, interrupts=self.interrupts))
        elsewhere = "" if server.files.is_relative_to(self.data.resolve()) else f", its data are in {server.files}"
        self._provide(server.child, {POSTGRES_URL: server.url})
        say(f"PostgreSQL {server.version} on port {server.port}{elsewhere}")

    def provide_redis(self) -> None:
        if not self.plan.embed_redis:
            return
        server = self.stack.enter_context(embedded_valkey(self.data, interrupts=self.interrupts))
        forget_workers(server.url)
        self._provide(server.child, {REDIS_URL: server.url})
        say(f"Valkey {server.version} on port {server.port}")

    def provide_sandbox(self) -> None:
        if not self.plan.sandbox:
            return
        log = self.data / "sandbox.log"
        log.unlink(missing_ok=True)
        child = self._module("The sandbox", SANDBOX, log=log)
        self.stack.enter_context(stopped_at_the_end([child], self.interrupts))
        wait_until(lambda: sandbox_address(log) is not None, child, self.interrupts)
        address = sandbox_address(log) or ""
        self._provide(child, {KINOPOISK_URL: address, KINOPOISK_KEY: SANDBOX_KEY})
        say(f"Sandbox of Kinopoisk on {address}")

    def migrate(self) -> None:
        log = self.data / "migrations.log"
        log.unlink(missing_ok=True)
        run_to_end(self._module("The migration of the database", MIGRATION, log=log), self.interrupts)

    def start_services(self) -> None:
        api, worker = self._module("The API", API), self._module("The worker", WORKER)
        self.children += [api, worker]
        self.stack.enter_context(stopped_at_the_end([api, worker], self.interrupts))
        address = web_address(self.plan.api.host, self.plan.api.port)
        wait_until(lambda: self._all_alive() and answers_ready(address), api, self.interrupts)
        redis_url = self.environment[REDIS_URL] if self.plan.embed_redis else self.plan.redis_url.get_secret_value()
        if redis_answers(redis_url):
            wait_until(lambda: self._all_alive() and worker_reported(redis_url), worker, self.interrupts)
        else:
            say("Redis (redis.url) does not answer: until it does, films are fetched slowly and without wake-ups.")
        say(f"Ready: {address}/docs")

    def watch(self) -> None:
        """Until somebody asks to stop; raises CannotStart when a child dies."""
        while self._all_alive():
            self.interrupts.pause(WATCH_SECONDS)

    def _all_alive(self) -> bool:
        for child in self.children:
            if not child.running:
                raise CannotStart(child.obituary())
        return True

    def _provide(self, child: Child | None, environment: dict[str, str]) -> None:
        self.children += [child] if child else []
        self.environment |= environment

    def _module(self, name: str, module: list[str], log: Path | None = None) -> Child:
        return start_child(Program(name, [sys.executable, "-m", *module], env=self.environment, log=log))


@contextmanager
def stopped_at_the_end(children: list[Child], interrupts: Interrupts) -> Iterator[None]:
    try:
        yield
    finally:
        stop_children(children, interrupts, patience_seconds=DRAIN_SECONDS)


def launch(interrupts: Interrupts) -> int:
    """Run until somebody asks to stop or a child dies; the exit code. Raises CannotStart if it cannot even begin."""
    plan = make_plan()
    data = data_folder()
    with ExitStack() as stack:
        stack.enter_context(only_user_of(data))
        require_free(plan.api.host, plan.api.port)
        return run_all(Launch(plan, data, interrupts, stack))


def run_all(start: Launch) -> int:
    """What is to be said is said here, before the stopping, which may take its time."""
    try:
        start.provide_key()
        start.provide_postgres()
        start.provide_redis()
        start.provide_sandbox()
        start.migrate()
        start.start_services()
        start.watch()
    except Stopped:
        say("Stopping.")
        return 0
    except CannotStart as problem:
        complain(str(problem))
    return 1
