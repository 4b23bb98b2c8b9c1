"""The PROXY protocol's header, which tells a server whom the connection is really from.

Source: haproxy.org, proxy-protocol.txt.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, NamedTuple

from xrgui.address import Destination, IPAddress, Network
from xrgui.engine.errors import RemoteProtocolError

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_FAMILIES = {"TCP4": 4, "TCP6": 6}
_LONGEST_LINE = 107
_LONGEST_BODY = 4096
"""Bytes behind the fixed part of a version 2 header; addresses take 36 of them, extensions the rest."""


class Header(NamedTuple):
    """`length` bytes long. Without addresses the sender speaks for itself (a health check)."""

    length: int
    source: Destination | None
    target: Destination | None


def decode(data: bytes) -> Header | None:
    """The header at the beginning of *data*, of either version; None where more of it is to come.

    Raises RemoteProtocolError for anything else.
    """
    if SIGNATURE.startswith(data[:12]):
        return _decode_v2(data) if len(data) >= 16 else None
    if b"PROXY ".startswith(data[:6]):
        return _decode_v1(data)
    raise RemoteProtocolError("no PROXY protocol header came first")


def _decode_v1(data: bytes) -> Header | None:
    line, end, _ = data[:_LONGEST_LINE].partition(b"\r\n")
    if not end:
        if len(data) >= _LONGEST_LINE:
            raise RemoteProtocolError("the PROXY protocol line does not end")
        return None
    length = len(line) + 2
    words = line.decode("ascii", "replace").split(" ")
    if words[1] == "UNKNOWN":
        return Header(length, None, None)
    try:
        _, family, source, target, source_port, target_port = words
        version = _FAMILIES[family]
        found = _destination(source, source_port, version), _destination(target, target_port, version)
    except (KeyError, ValueError):
        raise RemoteProtocolError("a bad PROXY protocol line") from None
    return Header(length, *found)


def _destination(host: str, port: str, version: int) -> Destination:
    if not port.isascii() or not port.isdigit() or int(port) > 65535 or "%" in host:
        raise ValueError
    address = ip_address(host)
    if address.version != version:
        raise ValueError
    return Destination(Network.TCP, str(address), int(port))


def _decode_v2(data: bytes) -> Header | None:
    command, family, size = data[12], data[13], int.from_bytes(data[14:16])
    if command not in (_LOCAL, _PROXY) or size > _LONGEST_BODY:
        raise RemoteProtocolError("a bad PROXY protocol header")
    length = 16 + size
    if len(data) < length:
        return None
    width = {_TCP4: 4, _TCP6: 16}.get(family, 0)
    if command == _LOCAL or not width:
        return Header(length, None, None)
    if size < 2 * width + 4:
        raise RemoteProtocolError("a PROXY protocol header that is too short for its addresses")
    body = data[16:length]
    hosts = [str(ip_address(body[start : start + width])) for start in (0, width)]
    ports = [int.from_bytes(body[start : start + 2]) for start in (2 * width, 2 * width + 2)]
    found = [Destination(Network.TCP, host, port) for host, port in zip(hosts, ports, strict=True)]
    return Header(length, *found)


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
