"""Where a request comes from, for limits: who has one address of an IPv6 /64 has all of it, a home a /56 (RFC 6177)."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from starlette.types import Scope

# What a proxy says may be no address at all, and is remembered.
LONGEST_HOST = 64


class Origin(NamedTuple):
    """What counts as one caller, and the neighbourhood whose callers may be one person: a /24, or a /56 of IPv6."""

    address: str
    network: str


def origin_of(scope: Scope) -> Origin:
    """Of the peer, or of the client that a trusted proxy names: uvicorn has put it there (FORWARDED_ALLOW_IPS)."""
    client = scope.get("client")
    return origin(client[0][:LONGEST_HOST] if client else "")


@lru_cache(maxsize=4096)
def origin(host: str) -> Origin:
    """What is no IP address (a socket of this machine, a proxy's odd word) is a caller of its own."""
    try:
        address = ip_address(host)
    except ValueError:
        return Origin(host, host)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return Origin(*(str(ip_network((int(address) >> (128 - bits) << (128 - bits), bits))) for bits in (64, 56)))
        address = address.ipv4_mapped
    return Origin(str(address), str(ip_network((f"{address}/24"), strict=False)))
