"""Ports of this machine: is one free, which one is."""

import errno
import socket

from dev.problems import CannotStart

LOOPBACK = "127.0.0.1"
WHY_NOT = {
    errno.EADDRINUSE: "Port {port} on {host} is taken; choose another: KINOSHELF__API__PORT={other} make run",
    errno.EACCES: "Port {port} on {host} needs more rights; choose another: KINOSHELF__API__PORT={other} make run",
}
NOT_HERE = "Cannot listen on {host}, port {port} ({error}); choose another: KINOSHELF__API__HOST=127.0.0.1 make run"


def free_port(host: str = LOOPBACK) -> int:
    """A port that was free a moment ago: who takes it must be ready to lose the race."""
    with socket.create_server(_address(host, 0), family=_family(host)) as server:
        port: int = server.getsockname()[1]
        return port


def require_free(host: str, port: int) -> None:
    """Raises CannotStart, with the way out, if nobody could listen there now."""
    try:
        socket.create_server(_address(host, port), family=_family(host)).close()
    except OSError as error:
        text = WHY_NOT.get(error.errno or 0, NOT_HERE)
        reason = error.strerror or error
        raise CannotStart(text.format(host=host, port=port, other=free_port(), error=reason)) from None


def reachable_host(host: str) -> str:
    """Where a client on this machine finds a server that listens on `host`."""
    return {"0.0.0.0": LOOPBACK, "::": "::1", "": LOOPBACK}.get(host, host)


def web_address(host: str, port: int) -> str:
    shown = reachable_host(host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _address(host: str, port: int) -> tuple[str, int]:
    return host, port
