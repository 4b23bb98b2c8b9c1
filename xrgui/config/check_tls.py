"""Are the certificates and keys there, readable, and do they belong together?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from xrgui.config.findings import Findings
from xrgui.config.model import Certificate, Tls

if TYPE_CHECKING:
    from cryptography import x509


def check_server_tls(tls: Tls, path: str, found: Findings) -> None:
    """A listener's TLS settings, at *path* (``inbounds[0].streamSettings.tlsSettings``)."""
    if not any(certificate.usage == "encipherment" for certificate in tls.certificates):
        found.error(
            f"{path}.certificates",
            "holds no certificate to show, so no TLS connection can be made",
            "`xrgui cert` makes one; name its files in certificateFile and keyFile",
        )
    _check_all(tls, path, found)


def check_client_tls(tls: Tls, path: str, found: Findings) -> None:
    if tls.disable_system_root and not tls.pinned and all(c.usage != "verify" for c in tls.certificates):
        found.error(
            f"{path}.disableSystemRoot",
            "leaves nothing that a server could be trusted by",
            'pin its certificate, or add one with "usage": "verify"',
        )
    _check_all(tls, path, found)


def _check_all(tls: Tls, path: str, found: Findings) -> None:
    for index, certificate in enumerate(tls.certificates):
        _check_certificate(certificate, f"{path}.certificates[{index}]", found)
    if tls.min_version and tls.max_version and tls.min_version > tls.max_version:
        found.error(f"{path}.minVersion", f"is above maxVersion {tls.max_version}", "swap the two")


def _check_certificate(certificate: Certificate, path: str, found: Findings) -> None:
    pem = _read(certificate.certificate, certificate.certificate_file, f"{path}.certificate", found)
    chain = _parse_chain(pem, f"{path}.certificate", certificate.certificate_file, found)
    if certificate.usage == "verify":
        return
    key_pem = _read(certificate.key, certificate.key_file, f"{path}.key", found)
    if key_pem is not None and chain:
        _check_key(key_pem, chain[0], f"{path}.key", certificate.key_file, found)


def _read(text: str, file: str, path: str, found: Findings) -> bytes | None:
    if file:
        try:
            return Path(file).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "bad file name"
            hint = "`xrgui cert` makes one; a relative name starts at the working directory"
            found.error(f"{path}File", f'"{file}" cannot be read: {reason}', hint)
        return None
    if not text:
        found.error(path, "is missing", f"name a file in {path.rpartition('.')[2]}File")
        return None
    return text.encode("utf-8", "replace")


def _parse_chain(pem: bytes | None, path: str, file: str, found: Findings) -> list[x509.Certificate]:
    if pem is None:
        return []
    from cryptography import x509  # an eighth of a start, and most need none
    from cryptography.exceptions import UnsupportedAlgorithm

    where = f"{path}File" if file else path
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except (ValueError, UnsupportedAlgorithm):
        found.error(where, "holds no certificate in PEM", "it begins with -----BEGIN CERTIFICATE-----")
        return []
    now = datetime.now(UTC)
    if chain[0].not_valid_after_utc < now:
        found.warn(where, f"ran out on {chain[0].not_valid_after_utc:%Y-%m-%d}", "renew it")
    elif chain[0].not_valid_before_utc > now:
        found.warn(where, f"begins on {chain[0].not_valid_before_utc:%Y-%m-%d} only", "is the clock right?")
    return chain


def _check_key(pem: bytes, leaf: x509.Certificate, path: str, file: str, found: Findings) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    where = f"{path}File" if file else path
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        found.error(where, "is locked by a passphrase", "`openssl pkey -in KEY -out PLAIN` unlocks it")
        return
    except (ValueError, UnsupportedAlgorithm):
        found.error(where, "holds no private key in PEM", "it begins with -----BEGIN PRIVATE KEY-----")
        return
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != leaf.public_key().public_bytes(*form):
        found.error(where, "does not belong to the certificate", "the two come from one run of `xrgui cert`")
