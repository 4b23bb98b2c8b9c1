from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from xrgui.config import model
from xrgui.config.check_tls import check_client_tls, check_server_tls
from xrgui.config.findings import Findings


def make(begins: int = -1, ends: int = 1, lock: KeySerializationEncryption | None = None) -> tuple[str, str]:
    """A certificate that is valid from *begins* to *ends*, in days from now, and its key."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), pem.decode()


CHAIN, KEY = make()


def server(*certificates: model.Certificate) -> dict[str, str]:
    found = Findings()
    check_server_tls(model.Tls(certificates=certificates), "t", found)
    return {problem.path: problem.message for problem in found}


def test_certificates_inline_and_in_files(tmp_path: Path) -> None:
    chain, key = tmp_path / "a.crt", tmp_path / "a.key"
    chain.write_text(CHAIN)
    key.write_text(KEY)
    assert server(model.Certificate(certificate=CHAIN, key=KEY)) == {}
    assert server(model.Certificate(certificate_file=str(chain), key_file=str(key))) == {}
    assert server(model.Certificate(certificate_file=str(chain), key=KEY)) == {}


def test_a_listener_needs_a_certificate() -> None:
    assert set(server()) == {"t.certificates"}
    assert set(server(model.Certificate(certificate=CHAIN, usage="verify"))) == {"t.certificates"}


def test_files_that_are_missing_or_unreadable(tmp_path: Path) -> None:
    found = server(model.Certificate(certificate_file=str(tmp_path / "none"), key_file=str(tmp_path)))
    assert set(found) == {"t.certificates[0].certificateFile", "t.certificates[0].keyFile"}
    assert "No such file" in found["t.certificates[0].certificateFile"]
    assert set(server(model.Certificate(certificate_file="a\0b", key=KEY))) == {
        "t.certificates[0].certificateFile"
    }
    assert set(server(model.Certificate())) == {"t.certificates[0].certificate", "t.certificates[0].key"}


def test_what_is_no_certificate_and_no_key() -> None:
    garbled = KEY.replace("M", "N")
    assert set(server(model.Certificate(certificate="x", key=KEY))) == {"t.certificates[0].certificate"}
    assert set(server(model.Certificate(certificate=CHAIN, key=garbled))) == {"t.certificates[0].key"}
    assert set(server(model.Certificate(certificate=KEY, key=CHAIN))) == {"t.certificates[0].certificate"}


def test_the_key_of_another_certificate() -> None:
    found = server(model.Certificate(certificate=CHAIN, key=make()[1]))
    assert found == {"t.certificates[0].key": "does not belong to the certificate"}


def test_a_locked_key() -> None:
    chain, key = make(lock=BestAvailableEncryption(b"x"))
    assert "passphrase" in server(model.Certificate(certificate=chain, key=key))["t.certificates[0].key"]


def test_certificates_out_of_time() -> None:
    for begins, ends, word in ((-3, -1, "ran out"), (1, 3, "begins on")):
        chain, key = make(begins, ends)
        found = Findings()
        check_server_tls(model.Tls(certificates=(model.Certificate(certificate=chain, key=key),)), "t", found)
        assert [(word in problem.message, problem.is_error) for problem in found] == [(True, False)]


def test_a_client_must_have_something_to_trust() -> None:
    def paths(tls: model.Tls) -> list[str]:
        found = Findings()
        check_client_tls(tls, "t", found)
        return [problem.path for problem in found]

    authority = model.Certificate(certificate=CHAIN, usage="verify")
    assert paths(model.Tls(disable_system_root=True)) == ["t.disableSystemRoot"]
    assert paths(model.Tls(disable_system_root=True, pinned=(bytes(32),))) == []
    assert paths(model.Tls(disable_system_root=True, certificates=(authority,))) == []
    assert paths(model.Tls(min_version="1.3", max_version="1.2")) == ["t.minVersion"]


def test_what_openssl_makes_is_fine(tmp_path: Path) -> None:
    chain, key = tmp_path / "c.pem", tmp_path / "k.pem"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days 2 -keyout {key} -out {chain}"
    try:
        subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert server(model.Certificate(certificate_file=str(chain), key_file=str(key))) == {}
