"""Which servers count as private: current Xray dials others only under TLS or other encryption."""

from __future__ import annotations

from ipaddress import ip_network

from xrgui.address import parse_ip
from xrgui.matching import PRIVATE_NETWORKS

_NETWORKS = tuple(ip_network(text) for text in PRIVATE_NETWORKS)
# Xray common/geodata/consts.go
_NAMES = (
    "lan", "localdomain", "example", "invalid", "localhost", "test", "local", "home.arpa", "internal",
)  # fmt: skip


def is_private_host(host: str) -> bool:
    """A private or special address, a name without dots, or one of a domain that is never public."""
    address = parse_ip(host)
    if address is not None:
        return any(address in network for network in _NETWORKS if network.version == address.version)
    name = host.lower().removesuffix(".")
    return "." not in name or any(name == end or name.endswith(f".{end}") for end in _NAMES)
