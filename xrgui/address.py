"""Where bytes come from and where they go."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

IPAddress = IPv4Address | IPv6Address

_interface = re.compile(r"[0-9A-Za-z._-]{1,16}").fullmatch


class Network(StrEnum):
    TCP = "tcp"
    UDP = "udp"


class Destination(NamedTuple):
    """A network, a host (domain name or the text of an IP address) and a port (0-65535)."""

    network: Network
    host: str
    port: int

    @property
    def ip(self) -> IPAddress | None:
        """The host as an address; None for a domain name."""
        return parse_ip(self.host)

    @property
    def endpoint(self) -> str:
        return format_endpoint(self.host, self.port)

    def __str__(self) -> str:
        return f"{self.network.value}:{self.endpoint}"


@lru_cache(maxsize=4096)
def parse_ip(text: str) -> IPAddress | None:
    """The address that *text* spells, an IPv4-mapped one as IPv4; None for anything else.

    Python takes whatever stands behind a ``%``; here it has to be the name of an interface.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if "%" in text and not _interface(text.partition("%")[2]):
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address


def from_socket(address: object, network: Network) -> Destination | None:
    """What a socket calls its own or its peer's address; None for that of a unix socket."""
    if not isinstance(address, tuple):
        return None
    host = address[0]
    if host.startswith("::ffff:"):
        host = str(parse_ip(host) or host)
    return Destination(network, host, address[1])


def format_endpoint(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_endpoint(text: str) -> tuple[str, int | None]:
    """``host:port``, ``[v6]:port``, ``:port`` or ``host`` in parts; a missing port is None.

    Raises ValueError for a port that is no number from 0 to 65535 or a stray bracket.
    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{text!r} is not host:port")
        port_text = rest[1:] if rest else None
    elif text.count(":") > 1:
        host, port_text = text, None
    else:
        host, colon, tail = text.partition(":")
        port_text = tail if colon else None
    if port_text is None:
        return host, None
    if not port_text.isascii() or not port_text.isdigit() or int(port_text) > 65535:
        raise ValueError(f"{port_text!r} is not a port from 0 to 65535")
    return host, int(port_text)
