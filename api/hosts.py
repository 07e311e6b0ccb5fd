"""Under which names the service may be asked for: a page elsewhere whose name was pointed here is refused."""

from collections.abc import Collection
from ipaddress import ip_address

import structlog
from starlette.types import Scope

from api import refusals

log = structlog.get_logger()


class Hosts:
    """Exact names, and all names below those that begin with "*."; none at all: any. Health checks may use any."""

    def __init__(self, names: Collection[str]) -> None:
        self._exact = frozenset(names)
        self._below = tuple(name.removeprefix("*") for name in names if name.startswith("*."))

    def check(self, scope: Scope) -> None:
        """Raises UnknownHost."""
        if not self._exact or scope["path"].startswith("/health/"):
            return
        sent = [value for name, value in scope["headers"] if name == b"host"]
        name = without_port(str(sent[0], "latin-1").lower()) if len(sent) == 1 else ""
        if name not in self._exact and not name.endswith(self._below):
            raise refusals.UnknownHost


def without_port(host: str) -> str:
    """RFC 3986, section 3.2.2: an IPv6 address, whose colons are its own, stands in brackets."""
    name, bracket, _ = host.partition("]")
    return name + bracket if bracket else host.partition(":")[0]


def check_names(names: Collection[str], listening_on: str) -> None:
    """Warns whoever starts a service that others can reach and names no host; on loopback any name will do."""
    if not names and not is_loopback(listening_on):
        log.warning("hosts_not_named", host=listening_on)


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
