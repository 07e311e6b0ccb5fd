"""Who is one caller, and who may be."""

import pytest

from api.addresses import Origin, origin, origin_of


@pytest.mark.parametrize(
    ("host", "address", "network"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/56"),
        ("2001:DB8:1:2ff::", "2001:db8:1:2ff::/64", "2001:db8:1:200::/56"),
        ("a socket", "a socket", "a socket"),
    ],
)
def test_what_counts_as_one(host: str, address: str, network: str) -> None:
    assert origin(host) == Origin(address, network)


def test_a_peer_without_an_address_is_a_caller_too() -> None:
    assert origin_of({"client": None}) == Origin("", "")


def test_what_is_no_address_takes_little_memory() -> None:
    assert len(origin_of({"client": ("x" * 30_000, 0)}).address) == 64
