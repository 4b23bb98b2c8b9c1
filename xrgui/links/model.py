"""What a share link says about a server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args
from urllib.parse import unquote_to_bytes

import msgspec

from xrgui.address import format_endpoint, parse_ip

Protocol = Literal["vless", "vmess", "trojan", "ss", "xrgui"]
SCHEMES: tuple[Protocol, ...] = ("vless", "vmess", "trojan", "ss", "xrgui")

_PROTOCOL_NAMES = {"trojan": "Trojan", "ss": "Shadowsocks"}
_TRANSPORT_NAMES = {
    "grpc": "gRPC",
    "httpupgrade": "HTTPUpgrade",
    "xhttp": "XHTTP",
    "kcp": "mKCP",
    "http": "HTTP/2",
    "quic": "QUIC",
}
VmessSecurity = Literal["auto", "aes-128-gcm", "chacha20-poly1305", "none"]
VMESS_SECURITIES: tuple[VmessSecurity, ...] = get_args(VmessSecurity)
_HOST = re.compile(r"[A-Za-z0-9._-]+")


class LinkError(ValueError):
    """A link that cannot be read; `part` names the piece that is wrong ("port", "id", "path" …)."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(f"{part}: {message}")
        self.part = part


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One share link in parts, percent-decoding undone and old spellings made one.

    A link of protocol ``xrgui`` names no server: it carries a profile in `extra` (see
    `xrgui.profiles.transfer`), and its `address` is empty.
    """

    protocol: Protocol
    address: str = ""
    port: int = 0
    secret: str = ""
    """The user id (vless, vmess) or the password (trojan, ss)."""
    method: str = ""
    """VLESS encryption, VMess security or the Shadowsocks cipher."""
    flow: str = ""
    name: str = ""
    transport: str = "raw"
    """raw, ws, grpc, httpupgrade, xhttp, kcp, http, quic, or whatever the link says."""
    security: str = "none"
    """none, tls, reality, or whatever the link says."""
    sni: str = ""
    alpn: tuple[str, ...] = ()
    fingerprint: str = ""
    pins: tuple[str, ...] = ()
    """SHA-256 of accepted certificates, 64 lower-case hex digits each."""
    verify_names: tuple[str, ...] = ()
    insecure: bool = False
    """The link asks not to check the certificate."""
    host: str = ""
    path: str = ""
    header: str = ""
    """headerType of raw and kcp; empty for none."""
    extra: dict[str, str] = {}
    """Every other key of the link, by the name it has in a query."""

    @property
    def endpoint(self) -> str:
        return format_endpoint(self.address, self.port)

    @property
    def lacks(self) -> list[str]:
        """Names of what this link needs and xrgui's engine does not have; empty if it can be used."""
        return list(_lacks(self))

    def __repr__(self) -> str:
        return f"Link({self.protocol} {self.endpoint} {self.name!r} {self.transport} {self.security})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("server", self.endpoint), ("name", self.name)]


def _lacks(link: Link) -> Iterator[str]:
    if link.protocol in _PROTOCOL_NAMES:
        yield _PROTOCOL_NAMES[link.protocol]
    if link.protocol == "vless" and link.method not in ("", "none"):
        yield "VLESS Encryption"
    if link.protocol == "vmess" and link.method not in VMESS_SECURITIES:
        yield f"VMess security {link.method!r}"
    if link.flow:
        yield f"flow {link.flow}"
    if link.transport not in ("raw", "ws"):
        yield f"transport {_TRANSPORT_NAMES.get(link.transport, link.transport)}"
    if link.security not in ("none", "tls"):
        yield {"reality": "REALITY"}.get(link.security, f"security {link.security!r}")
    if link.transport == "raw" and link.header:
        yield f"header type {link.header}"
    if link.insecure and not link.pins:
        yield "TLS without checking the certificate (pin it instead)"
    yield from (what for key, what in _EXTRA_LACKS.items() if link.extra.get(key))


_EXTRA_LACKS = {
    "plugin": "Shadowsocks plugins",
    "fm": "finalmask",
    "ech": "Encrypted Client Hello",
}


def decode_percent(part: str, text: str) -> str:
    """*text* with its %XX undone; a plus stays a plus. Raises LinkError for bytes that are not UTF-8."""
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError:
        raise LinkError(part, "its %-escapes are not UTF-8 text") from None


def read_host(text: str) -> str:
    """A host as it stands in a link, without brackets and in ASCII. Raises LinkError."""
    host = decode_percent("address", text)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not host:
        raise LinkError("address", "is missing")
    if parse_ip(host) is not None:
        return host
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not _HOST.fullmatch(name):
        raise LinkError("address", f"{host!r} is neither a host name nor an IP address")
    return name


def read_port(text: str) -> int:
    """A port from 1 to 65535. Raises LinkError."""
    if not text:
        raise LinkError("port", "is missing")
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise LinkError("port", f"{text!r} is not a number from 1 to 65535")
    return int(text)


def read_pins(text: str) -> tuple[str, ...]:
    """Comma-separated SHA-256 digests, colons allowed as openssl prints them. Raises LinkError."""
    pins = tuple(pin.replace(":", "").lower() for pin in split_list(text))
    for pin in pins:
        if not re.fullmatch("[0-9a-f]{64}", pin):
            raise LinkError("pcs", f"{pin!r} is not a SHA-256 digest in hex (64 digits)")
    return pins


def split_list(text: str) -> tuple[str, ...]:
    return tuple(item for part in text.split(",") if (item := part.strip()))


_TRANSPORTS = {
    "": "raw",
    "tcp": "raw",
    "websocket": "ws",
    "splithttp": "xhttp",
    "h2": "http",
    "mkcp": "kcp",
}


def read_transport(text: str) -> str:
    name = text.strip().lower()
    return _TRANSPORTS.get(name, name)


def read_flag(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes")
