"""Certificates in PEM form: do they fit their key, until when, and what pins them."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


class CertificateError(ValueError):
    """A text that is no certificate in PEM form."""


def pin(chain: str) -> str:
    """SHA-256 of the first certificate of *chain*, 64 hex digits. Raises CertificateError."""
    return _first(chain).fingerprint(hashes.SHA256()).hex()


def expiry(chain: str) -> datetime:
    """Raises CertificateError."""
    return _first(chain).not_valid_after_utc


def names(chain: str) -> tuple[str, ...]:
    """The host names and addresses that the first certificate stands for. Raises CertificateError."""
    try:
        found = _first(chain).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = (str(address) for address in found.get_values_for_type(x509.IPAddress))
    return (*found.get_values_for_type(x509.DNSName), *addresses)


def is_self_signed(chain: str) -> bool:
    """Nobody vouches for it but itself: those who dial must pin it. Raises CertificateError."""
    certificate = _first(chain)
    return certificate.issuer == certificate.subject


def pair_problem(chain: str, key: str) -> str:
    """A code of `problems.TEXTS`, or nothing if *key* fits. Without *key* only the chain is read.

    Raises CertificateError for the chain.
    """
    certificate = _first(chain)
    if not key:
        return ""
    private = _private_key(key)
    if private is None:
        return "certificate.key_bad"
    return "" if _public(private.public_key()) == _public(certificate.public_key()) else "certificate.mismatch"


def _first(chain: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(chain.encode())[0]
    except (ValueError, IndexError):
        raise CertificateError("this is no certificate in PEM form") from None


def _private_key(key: str) -> PrivateKeyTypes | None:
    try:
        return serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError):
        return None


def _public(key: object) -> bytes:
    return key.public_bytes(  # type: ignore[attr-defined,no-any-return]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
