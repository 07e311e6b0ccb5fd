"""Where a request comes from, for limits: whoever has one address of an IPv6 /64 has all of them (RFC 6177)."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from starlette.types import Scope


class Origin(NamedTuple):
    """What counts as one caller, and the neighbourhood whose callers may be one person: a /24, or the same /64."""

    address: str
    network: str


def origin_of(scope: Scope) -> Origin:
    """Of the peer, or of the client that a trusted proxy names: uvicorn has put it there (FORWARDED_ALLOW_IPS)."""
    client = scope.get("client")
    return origin(client[0] if client else "")


@lru_cache(maxsize=4096)
def origin(host: str) -> Origin:
    """What is no IP address (a socket of this machine, a proxy's odd word) is a caller of its own."""
    try:
        address = ip_address(host)
    except ValueError:
        return Origin(host, host)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            network = str(ip_network((int(address) >> 64 << 64, 64)))
            return Origin(network, network)
        address = address.ipv4_mapped
    return Origin(str(address), str(ip_network((f"{address}/24"), strict=False)))
