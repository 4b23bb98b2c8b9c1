"""Checks of a peer's certificate that go beyond OpenSSL's: pins and other names.

Rules as in Xray transport/internet/tls/config.go (verifyPeerCert).
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

from cryptography import x509
from cryptography.x509 import verification

from xrgui.address import parse_ip
from xrgui.config.model import Tls
from xrgui.engine.errors import AuthenticationError


def check_peer(connection: ssl.SSLObject, tls: Tls, server_name: str) -> None:
    """Check the peer of a finished handshake against the pins and names of *tls*.

    A pinned leaf is accepted as it is; under a pinned CA the chain must hold and stand for
    one of the names. Raises AuthenticationError.
    """
    try:
        _check(_peer_chain(connection), tls, tls.verify_names or (server_name,))
    except ValueError as error:
        raise AuthenticationError(f"the certificate cannot be read: {error}") from None


def _check(chain: list[bytes], tls: Tls, names: Sequence[str]) -> None:
    if not tls.pinned:
        _check_names(x509.load_der_x509_certificate(chain[0]), names)
        return
    seen = [hashlib.sha256(der).digest() for der in chain]
    if seen[0] in tls.pinned:
        return
    for der, digest in zip(chain[1:], seen[1:], strict=True):
        if digest in tls.pinned and _is_ca(root := x509.load_der_x509_certificate(der)):
            _check_chain(chain, root, names)
            return
    expected = " or ".join(pin.hex() for pin in tls.pinned)
    raise AuthenticationError(f"the certificate is not the pinned one: expected {expected}, seen {seen[0].hex()}")


def _peer_chain(connection: ssl.SSLObject) -> list[bytes]:
    """The peer's certificates as it sent them, DER, the leaf first."""
    raw: Any = connection if hasattr(connection, "get_unverified_chain") else connection._sslobj  # type: ignore[attr-defined]
    chain = raw.get_unverified_chain() or []
    if not chain:
        raise AuthenticationError("the server showed no certificate")
    return [each if isinstance(each, bytes) else ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in chain]


def dns_names(certificate: x509.Certificate) -> list[str]:
    return _alternatives(certificate).get_values_for_type(x509.DNSName)


def _alternatives(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])


def _check_names(leaf: x509.Certificate, names: Sequence[str]) -> None:
    alternatives = _alternatives(leaf)
    dns = {name.lower() for name in alternatives.get_values_for_type(x509.DNSName)}
    addresses = alternatives.get_values_for_type(x509.IPAddress)
    for name in names:
        ip = parse_ip(name)
        wanted = name.lower().rstrip(".")
        if ip in addresses if ip is not None else wanted in dns or f"*.{wanted.partition('.')[2]}" in dns:
            return
    raise AuthenticationError(
        f"the certificate is not for {_listed(names)}, but for {_listed([*dns, *map(str, addresses)])}"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "no name at all"


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _check_chain(chain: list[bytes], root: x509.Certificate, names: Sequence[str]) -> None:
    """OpenSSL has no say here: the root is known by its digest only once the peer has sent it."""
    leaf, *others = map(x509.load_der_x509_certificate, chain)
    builder = verification.PolicyBuilder().store(verification.Store([root]))
    lenient, any_way = verification.ExtensionPolicy.permit_all(), verification.Criticality.AGNOSTIC
    builder = builder.extension_policies(
        ca_policy=lenient.require_present(x509.BasicConstraints, any_way, _require_ca),
        ee_policy=lenient.require_present(x509.SubjectAlternativeName, any_way, None),
    )
    reason = ""
    for name in names:
        ip = parse_ip(name)
        subject = x509.DNSName(name) if ip is None else x509.IPAddress(ip)
        try:
            builder.build_server_verifier(subject).verify(leaf, others)
        except verification.VerificationError as error:
            reason = str(error)
        else:
            return
    raise AuthenticationError(f"the certificate does not hold under the pinned CA for {_listed(names)}: {reason}")


def _require_ca(policy: object, certificate: object, extension: x509.BasicConstraints | None) -> None:
    if extension is None or not extension.ca:
        raise ValueError("an issuer that is no CA")
