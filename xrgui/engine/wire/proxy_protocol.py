"""The PROXY protocol's header, which tells a server whom the connection is really from.

Source: haproxy.org, proxy-protocol.txt.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from xrgui.address import Destination, IPAddress

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21


def encode(version: Literal[1, 2], source: Destination | None, target: Destination | None) -> bytes:
    """The header for a TCP connection from *source* to *target*; without both it names nobody."""
    addresses = _same_family(source, target)
    if source is None or target is None or addresses is None:
        return b"PROXY UNKNOWN\r\n" if version == 1 else SIGNATURE + bytes((_LOCAL, 0, 0, 0))
    first, second = addresses
    if version == 1:
        return f"PROXY TCP{first.version} {first} {second} {source.port} {target.port}\r\n".encode("ascii")
    body = first.packed + second.packed + source.port.to_bytes(2) + target.port.to_bytes(2)
    kind = _TCP4 if first.version == 4 else _TCP6
    return SIGNATURE + bytes((_PROXY, kind)) + len(body).to_bytes(2) + body


def _same_family(
    source: Destination | None, target: Destination | None
) -> tuple[IPAddress, IPAddress] | None:
    """Both addresses, IPv4 written as IPv6 where the other one is."""
    first = source.ip if source is not None else None
    second = target.ip if target is not None else None
    if first is None or second is None:
        return None
    if first.version == second.version:
        return first, second
    return _as_v6(first), _as_v6(second)


def _as_v6(address: IPAddress) -> IPv6Address:
    return IPv6Address(f"::ffff:{address}") if isinstance(address, IPv4Address) else address
