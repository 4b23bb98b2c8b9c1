"""A target as VLESS, VMess and Mux.cool write it: port (2), type (1), address.

Types are 1 IPv4 (4 bytes), 2 domain (1-byte length and text), 3 IPv6 (16 bytes). Source: Xray
common/protocol/address.go with the type numbers of proxy/vless/encoding.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address

from xrgui.address import parse_ip
from xrgui.engine.errors import LocalProtocolError, RemoteProtocolError

Data = bytes | bytearray | memoryview

IPV4, DOMAIN, IPV6 = 1, 2, 3

MUX_HOST = "v1.mux.cool"
"""The target that asks for Mux.cool in any protocol (Xray common/mux)."""

_domain_text = re.compile(r"[0-9A-Za-z._-]{1,255}").fullmatch


@lru_cache(maxsize=4096)
def encode(host: str, port: int) -> bytes:
    """The bytes of *host* (a domain or the text of an IP address) and *port*.

    Raises LocalProtocolError for what no peer would accept: a port above 65535, a name that is
    empty, longer than 255 or has characters other than letters, digits, ``.``, ``_`` and ``-``.
    """
    if not 0 <= port <= 65535:
        raise LocalProtocolError(f"{port} is not a port from 0 to 65535")
    head = port.to_bytes(2)
    if (address := parse_ip(host)) is not None:
        return head + bytes((IPV4 if address.version == 4 else IPV6,)) + address.packed
    if not _domain_text(host):
        raise LocalProtocolError(f"{host!r} is not a host name that can be sent")
    return head + bytes((DOMAIN, len(host))) + host.encode("ascii")


def decode(buf: Data, offset: int = 0) -> tuple[str, int, int] | None:
    """Read host, port and the offset behind them; None if *buf* ends too early.

    An IPv4-mapped address becomes IPv4, and a name that spells an IP address becomes that address.
    Raises RemoteProtocolError for an unknown type and for an empty or malformed name.
    """
    if len(buf) < offset + 4:
        return None
    port = buf[offset] << 8 | buf[offset + 1]
    kind, start = buf[offset + 2], offset + 3
    if kind == IPV4:
        end = start + 4
        return (".".join(map(str, buf[start:end])), port, end) if len(buf) >= end else None
    if kind == DOMAIN:
        start += 1
        end = start + buf[start - 1]
        return (host_name(bytes(buf[start:end])), port, end) if len(buf) >= end else None
    if kind == IPV6:
        end = start + 16
        return (_ipv6(bytes(buf[start:end])), port, end) if len(buf) >= end else None
    raise RemoteProtocolError(f"unknown address type {kind}")


@lru_cache(maxsize=4096)
def host_name(raw: bytes) -> str:
    """The host that *raw* spells: a name, or the text of an address. Raises RemoteProtocolError."""
    text = raw.decode("latin-1")
    if text[:1] in "0123456789[" and (address := _spelled_address(text)):
        return address
    if not _domain_text(text):
        raise RemoteProtocolError(f"{text!r} is not a host name")
    return text


def _spelled_address(text: str) -> str:
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    address = None if "%" in text else parse_ip(text)
    return str(address) if address is not None else ""


@lru_cache(maxsize=4096)
def _ipv6(raw: bytes) -> str:
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)
