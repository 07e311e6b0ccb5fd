"""Processes beside the service's own on one database, so that the same people can ask each of them by turns."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import psutil

from bench.people import User
from bench.stack import Address, Stack
from dev.ports import LOOPBACK, free_port
from dev.processes import wait_until
from dev.readiness import answers_ready


class Side(NamedTuple):
    """One process that answers."""

    name: str
    address: Address
    process: psutil.Process

    def asked_by(self, users: list[User]) -> list[User]:
        return [user.elsewhere(self.address) for user in users]


def start_side(stack: Stack, name: str, module: str, environment: Mapping[str, str]) -> Side:
    """With the settings of the stack and these; returns when it is ready. Raises CannotStart."""
    port = free_port()
    child = stack.starter.start(f"API {name}", module, **{"KINOSHELF__API__PORT": str(port), **environment})
    wait_until(lambda: answers_ready(f"http://{LOOPBACK}:{port}"), child, stack.starter.interrupts)
    return Side(name, (LOOPBACK, port), psutil.Process(child.process.pid))


@contextmanager
def collector() -> Iterator[dict[str, str]]:
    """The settings of who sends metrics to a socket on this machine, where nobody reads them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((LOOPBACK, 0))
        yield {"KINOSHELF__STATSD__HOST": LOOPBACK, "KINOSHELF__STATSD__PORT": str(listening.getsockname()[1])}
