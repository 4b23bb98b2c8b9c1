"""Makes self-signed certificates: good for a server whose clients pin them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from xrgui.address import parse_ip


class SelfSigned(NamedTuple):
    """`chain` and `key` are PEM; `pin` is what pinnedPeerCertSha256 wants, 64 hex digits."""

    chain: str
    key: str
    pin: str

    def __repr__(self) -> str:
        return f"SelfSigned(pin={self.pin!r})"


def make(names: Sequence[str], *, days: int = 3650) -> SelfSigned:
    """A certificate for *names* (host names, ``*.`` names, IP addresses) with an EC P-256 key.

    Raises ValueError for a name that cannot stand in a certificate, or no name at all.
    """
    if not names:
        raise ValueError("a certificate needs at least one name or IP address")
    alternatives = [_general_name(name) for name in names]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, str(alternatives[0].value)[:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH, x509.OID_CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return SelfSigned(
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _general_name(name: str) -> x509.GeneralName:
    ip = parse_ip(name.strip("[]"))
    if ip is not None:
        return x509.IPAddress(ip)
    wildcard, host = ("*.", name[2:]) if name.startswith("*.") else ("", name)
    try:
        ascii_host = host.rstrip(".").encode("idna").decode()
    except UnicodeError:
        ascii_host = ""
    if not ascii_host or not all(
        part.replace("-", "").replace("_", "").isalnum() for part in ascii_host.split(".")
    ):
        raise ValueError(f"{name!r} is neither a host name nor an IP address")
    return x509.DNSName(wildcard + ascii_host)


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def write(made: SelfSigned, chain_file: Path, key_file: Path) -> None:
    """Write both as files that only this user may read; what was there is replaced as a whole.

    Raises OSError.
    """
    _write_private(key_file, made.key)
    _write_private(chain_file, made.chain)


def _write_private(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
