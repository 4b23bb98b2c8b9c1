"""Checks of a peer's certificate that go beyond OpenSSL's: pins and other names.

Rules as in Xray transport/internet/tls/config.go (verifyPeerCert).
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Sequence
from typing import Any

from xrgui.address import parse_ip
from xrgui.config.model import Tls
from xrgui.engine.errors import AuthenticationError


def check_peer(connection: ssl.SSLObject, tls: Tls, server_name: str) -> None:
    """Check the peer of a finished handshake against the pins and names of *tls*.

    A pinned leaf is accepted as it is; under a pinned CA the chain must hold and stand for
    one of the names. Raises AuthenticationError.
    """
    names = tls.verify_names or (server_name,)
    if tls.pinned:
        _check_pins(_peer_chain(connection), tls.pinned, names)
    else:
        _check_names(connection, names)


def _check_pins(chain: list[bytes], pinned: Sequence[bytes], names: Sequence[str]) -> None:
    seen = [hashlib.sha256(der).digest() for der in chain]
    if seen[0] in pinned:
        return
    roots = [der for der, digest in zip(chain[1:], seen[1:], strict=True) if digest in pinned]
    if roots:
        from xrgui.engine.transport import tls_chain

        if tls_chain.holds_under(roots, chain, names):
            return
    expected = " or ".join(pin.hex() for pin in pinned)
    raise AuthenticationError(f"the certificate is not the pinned one: expected {expected}, seen {seen[0].hex()}")


def _peer_chain(connection: ssl.SSLObject) -> list[bytes]:
    """The peer's certificates as it sent them, DER, the leaf first."""
    raw: Any = connection if hasattr(connection, "get_unverified_chain") else connection._sslobj  # type: ignore[attr-defined]
    chain = raw.get_unverified_chain() or []
    if not chain:
        raise AuthenticationError("the server showed no certificate")
    return [each if isinstance(each, bytes) else ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in chain]


def _check_names(connection: ssl.SSLObject, names: Sequence[str]) -> None:
    """OpenSSL has verified the chain, without a name."""
    found: Any = connection.getpeercert() or {}
    alternatives = found.get("subjectAltName", ())
    dns = {text.lower() for kind, text in alternatives if kind == "DNS"}
    addresses = {parse_ip(text.strip()) for kind, text in alternatives if kind == "IP Address"}
    for name in names:
        ip = parse_ip(name)
        wanted = name.lower().rstrip(".")
        if ip in addresses if ip is not None else wanted in dns or f"*.{wanted.partition('.')[2]}" in dns:
            return
    listed = ", ".join(text for _, text in alternatives) or "no name at all"
    raise AuthenticationError(f"the certificate is not for {', '.join(names)}, but for {listed}")
