"""Self-signed certificates."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from xrgui import certificate


def test_names_and_addresses_stand_in_the_certificate() -> None:
    made = certificate.make(["portal.example", "*.bücher.example", "192.0.2.1", "[2001:db8::1]"])
    parsed = x509.load_pem_x509_certificate(made.chain.encode())
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["portal.example", "*.xn--bcher-kva.example"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1", "2001:db8::1"]


def test_the_pin_is_the_digest_of_the_der_and_the_key_belongs() -> None:
    made = certificate.make(["localhost"])
    parsed = x509.load_pem_x509_certificate(made.chain.encode())
    assert made.pin == hashlib.sha256(parsed.public_bytes(serialization.Encoding.DER)).hexdigest()
    key = serialization.load_pem_private_key(made.key.encode(), None)
    assert key.public_key() == parsed.public_key()


@pytest.mark.parametrize("name", ["", "a b", "x..y", "*", "ex_mple/", "a\n"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="neither a host name nor an IP address"):
        certificate.make([name])


def test_no_name_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        certificate.make([])


def test_the_key_never_shows() -> None:
    made = certificate.make(["localhost"])
    assert made.key.splitlines()[1] not in repr(made)


def test_files_are_private_and_replaced_as_a_whole(tmp_path: Path) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    key.write_text("old")
    key.chmod(0o644)
    made = certificate.make(["localhost"])
    certificate.write(made, chain, key)
    assert (chain.read_text(), key.read_text()) == (made.chain, made.key)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (chain, key)} == {0o600}
    assert sorted(tmp_path.iterdir()) == [chain, key]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "key.pem").mkdir()
    with pytest.raises(OSError, match="directory"):
        certificate.write(certificate.make(["localhost"]), tmp_path / "chain.pem", tmp_path / "key.pem")
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]
