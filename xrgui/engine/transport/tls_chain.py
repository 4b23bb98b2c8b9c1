"""Looks into certificates. Imported where that is needed only: `cryptography.x509` takes 10 MB."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.x509 import verification

from xrgui.address import parse_ip
from xrgui.engine.errors import AuthenticationError


def server_names(pem: bytes) -> list[str]:
    """The names that the first certificate of *pem* stands for, in lower case. Raises ValueError."""
    found = x509.load_pem_x509_certificates(pem)
    common = found[0].subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    try:
        alternatives = found[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = alternatives.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    return [name.lower() for name in (*names, *(str(each.value) for each in common))]


def holds_under(roots: list[bytes], chain: list[bytes], names: Sequence[str]) -> bool:
    """Whether one of the pinned *roots* is a CA; if so, *chain* (DER, the leaf first) must hold under it
    for one of *names*. Raises AuthenticationError.

    OpenSSL has no say here: the root is known by its digest only once the peer has sent it.
    """
    try:
        authorities = [root for root in map(x509.load_der_x509_certificate, roots) if _is_ca(root)]
        if authorities:
            _verify(authorities, chain, names)
    except ValueError as error:
        raise AuthenticationError(f"the certificate cannot be read: {error}") from None
    return bool(authorities)


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _verify(authorities: list[x509.Certificate], chain: list[bytes], names: Sequence[str]) -> None:
    leaf, *others = map(x509.load_der_x509_certificate, chain)
    lenient, any_way = verification.ExtensionPolicy.permit_all(), verification.Criticality.AGNOSTIC
    builder = verification.PolicyBuilder().store(verification.Store(authorities))
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
    listed = ", ".join(names)
    raise AuthenticationError(f"the certificate does not hold under the pinned CA for {listed}: {reason}")


def _require_ca(policy: object, certificate: object, extension: x509.BasicConstraints | None) -> None:
    if extension is None or not extension.ca:
        raise ValueError("an issuer that is no CA")
