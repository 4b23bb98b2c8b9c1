from __future__ import annotations

import asyncio
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from xrgui import certificate
from xrgui.config.model import Certificate, Stream, Tls, WebSocket
from xrgui.engine import transport
from xrgui.engine.errors import AuthenticationError, DialError, RemoteProtocolError, describe
from xrgui.engine.transport import tls, tls_context
from xrgui.engine.transport.tls import TlsLayer


def server(*made: certificate.SelfSigned, **options: Any) -> Stream:
    pairs = tuple(Certificate(certificate=each.chain, key=each.key) for each in made)
    return Stream(security="tls", tls=Tls(certificates=pairs, **options))


def client(**options: Any) -> Stream:
    return Stream(security="tls", tls=Tls(**options))


def trusting(made: certificate.SelfSigned, **options: Any) -> Stream:
    return client(certificates=(Certificate(certificate=made.chain, usage="verify"),), **options)


def pinning(made: certificate.SelfSigned, **options: Any) -> Stream:
    return client(pinned=(bytes.fromhex(made.pin),), **options)


async def refusal(bench: Any, theirs: Stream, ours: Stream) -> DialError:
    """Why *ours* does not accept *theirs*."""
    listener, accepted = await bench.listen(theirs)
    with pytest.raises(DialError) as caught:
        await bench.dial(ours, listener.port)
    for _ in range(accepted.qsize()):
        recorder = accepted.get_nowait()
        await recorder.ended()
        assert recorder.received == b""
    return caught.value


def session(recorder: Any) -> ssl.SSLObject:
    return cast(ssl.SSLObject, recorder.transport.get_extra_info("ssl_object"))


# What a client accepts


async def test_a_stranger_is_not_accepted(bench: Any, made: certificate.SelfSigned) -> None:
    error = await refusal(bench, server(made), client())
    assert isinstance(error.cause, AuthenticationError)
    assert describe(error.cause).startswith("the certificate is self-signed: pin it")


async def test_a_trusted_certificate_must_stand_for_the_name(bench: Any, made: certificate.SelfSigned) -> None:
    await bench.pair(server(made), trusting(made))
    await bench.pair(server(made), trusting(made, server_name="a.wild.example"))
    error = await refusal(bench, server(made), trusting(made, server_name="other.example"))
    assert describe(error.cause) == "the certificate is for another name"
    error = await refusal(bench, server(made), trusting(made, server_name="192.0.2.7"))
    assert describe(error.cause) == "the certificate is for another address"


async def test_an_expired_certificate(bench: Any) -> None:
    old = certificate.make(["127.0.0.1"], days=0)
    assert describe((await refusal(bench, server(old), trusting(old))).cause) == "the certificate has expired"


async def test_a_pinned_certificate_needs_no_name(bench: Any, made: certificate.SelfSigned) -> None:
    ours, theirs = await bench.pair(server(made), pinning(made, server_name="anything.example"))
    ours.transport.write(b"secret")
    assert await theirs.at_least(6) == b"secret"


async def test_an_expired_certificate_may_be_pinned(bench: Any) -> None:
    old = certificate.make(["127.0.0.1"], days=0)
    await bench.pair(server(old), pinning(old))


async def test_another_certificate_than_the_pinned_one_gets_no_byte(bench: Any, made: certificate.SelfSigned) -> None:
    expected = certificate.make(["127.0.0.1"])
    listener, accepted = await bench.listen(server(made))
    eager = Eager(bench.recorder())
    with pytest.raises(DialError, match=rf"expected {expected.pin}, seen {made.pin}") as caught:
        await transport.dial(pinning(expected), "127.0.0.1", listener.port, lambda: eager)
    assert isinstance(caught.value.cause, AuthenticationError)
    assert not eager.started
    theirs = await accepted.get()
    await theirs.ended()
    assert theirs.received == b""


class Eager(asyncio.Protocol):
    """Writes a secret as soon as it can."""

    def __init__(self, recorder: Any) -> None:
        self.started = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.started = True
        cast(asyncio.Transport, transport).write(b"secret")


async def test_other_names_than_the_one_sent(bench: Any, made: certificate.SelfSigned) -> None:
    names = ("x.example", "portal.example")
    await bench.pair(server(made), trusting(made, server_name="front.example", verify_names=names))
    await bench.pair(server(made), trusting(made, verify_names=("a.wild.example",)))
    await bench.pair(server(made), trusting(made, verify_names=("127.0.0.1",)))
    error = await refusal(bench, server(made), trusting(made, verify_names=("x.example", "a.b.wild.example")))
    assert "is not for x.example, a.b.wild.example, but for" in describe(error.cause)
    error = await refusal(bench, server(made), client(verify_names=("portal.example",)))
    assert "self-signed" in describe(error.cause)


class Authority:
    """A private CA, and leaves under it."""

    def __init__(self, *, ca: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Our CA")])
        self.certificate = self._sign(self.name, self.key.public_key(), x509.BasicConstraints(ca, None))
        self.pin = self.certificate.fingerprint(hashes.SHA256())

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *extensions: Any) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def leaf(self, name: str, *, shown_with: Authority | None = None) -> Certificate:
        """A leaf for *name* that is shown with this CA's certificate (or another's)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name)])
        leaf = self._sign(subject, key.public_key(), alternatives)
        pem = serialization.Encoding.PEM
        chain = leaf.public_bytes(pem) + (shown_with or self).certificate.public_bytes(pem)
        form = serialization.PrivateFormat.PKCS8
        private = key.private_bytes(pem, form, serialization.NoEncryption())
        return Certificate(certificate=chain.decode(), key=private.decode())


async def test_a_pinned_ca_vouches_for_names(bench: Any) -> None:
    authority = Authority()
    theirs = Stream(security="tls", tls=Tls(certificates=(authority.leaf("portal.example"),)))
    await bench.pair(theirs, client(pinned=(b"\0" * 32, authority.pin), server_name="portal.example"))
    await bench.pair(theirs, client(pinned=(authority.pin,), verify_names=("x.example", "portal.example")))
    for options in ({"server_name": "other.example"}, {}, {"verify_names": ("other.example",)}):
        error = await refusal(bench, theirs, client(pinned=(authority.pin,), **options))
        assert "does not hold under the pinned CA for" in describe(error.cause)


async def test_showing_a_pinned_ca_is_not_enough(bench: Any) -> None:
    authority, stranger = Authority(), Authority()
    forged = stranger.leaf("portal.example", shown_with=authority)
    theirs = Stream(security="tls", tls=Tls(certificates=(forged,)))
    error = await refusal(bench, theirs, client(pinned=(authority.pin,), server_name="portal.example"))
    assert "does not hold under the pinned CA" in describe(error.cause)


async def test_a_pinned_issuer_that_is_no_ca(bench: Any) -> None:
    authority = Authority(ca=False)
    theirs = Stream(security="tls", tls=Tls(certificates=(authority.leaf("portal.example"),)))
    error = await refusal(bench, theirs, client(pinned=(authority.pin,), server_name="portal.example"))
    assert "is not the pinned one" in describe(error.cause)


# What goes wrong otherwise


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\0" * 50])
async def test_a_server_that_does_not_speak_tls(bench: Any, answer: bytes) -> None:
    listener, accepted = await bench.listen(Stream())
    dial = asyncio.ensure_future(bench.dial(client(), listener.port))
    theirs = await accepted.get()
    await theirs.at_least(1)
    theirs.transport.write(answer)
    with pytest.raises(DialError) as caught:
        await dial
    assert isinstance(caught.value.cause, RemoteProtocolError)
    assert describe(caught.value.cause) == "the peer does not speak TLS"


async def test_a_server_that_hangs_up(bench: Any) -> None:
    listener, accepted = await bench.listen(Stream())
    dial = asyncio.ensure_future(bench.dial(client(), listener.port))
    theirs = await accepted.get()
    await theirs.at_least(1)
    theirs.transport.close()
    with pytest.raises(DialError, match="closed during the handshake"):
        await dial


async def test_no_common_version(bench: Any, made: certificate.SelfSigned) -> None:
    error = await refusal(bench, server(made, min_version="1.3"), pinning(made, max_version="1.2"))
    assert describe(error.cause) == "no TLS version suits both ends"


async def test_versions_and_ciphers_can_be_chosen(bench: Any, made: certificate.SelfSigned) -> None:
    suite = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    ours, _ = await bench.pair(server(made), pinning(made, max_version="1.2", cipher_suites=(suite,)))
    assert session(ours).cipher()[:2] == ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLSv1.2")  # type: ignore[index]
    ours, _ = await bench.pair(server(made), pinning(made))
    assert session(ours).version() == "TLSv1.3"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"),
        ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"),
        ("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-RSA-DES-CBC3-SHA"),
        ("TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256"),
        ("TLS_AES_128_GCM_SHA256", ""),
        ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
    ],
)
def test_names_of_ciphers(name: str, expected: str) -> None:
    assert tls_context.openssl_cipher(name) == expected
    if expected and "3DES" not in name:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers(expected)


async def test_an_unknown_cipher_is_named(bench: Any, made: certificate.SelfSigned) -> None:
    with pytest.raises(OSError, match="cipherSuites"):
        await bench.listen(server(made, cipher_suites=("TLS_NO_WITH_SUCH",)))


async def test_alpn(bench: Any, made: certificate.SelfSigned) -> None:
    assert session((await bench.pair(server(made), pinning(made)))[0]).selected_alpn_protocol() == "h2"
    ws = {"network": "ws", "ws": WebSocket(), "security": "tls"}
    theirs, ours = (Stream(**ws, tls=stream.tls) for stream in (server(made), pinning(made)))  # type: ignore[arg-type]
    assert session((await bench.pair(theirs, ours))[0]).selected_alpn_protocol() == "http/1.1"
    ours, _ = await bench.pair(server(made, alpn=("xrgui",)), pinning(made, alpn=("xrgui", "h2")))
    assert session(ours).selected_alpn_protocol() == "xrgui"


@pytest.mark.parametrize("asked", [False, True])
async def test_session_tickets_are_given_when_asked_for(bench: Any, made: certificate.SelfSigned, asked: bool) -> None:
    options = {"session_resumption": asked, "max_version": "1.2"}
    ours, _ = await bench.pair(server(made, **options), pinning(made, **options))
    found = session(ours).session
    assert found is not None
    assert found.has_ticket == asked


async def test_a_client_certificate(bench: Any, made: certificate.SelfSigned, tmp_path: Path) -> None:
    own = certificate.make(["desktop.example"])
    certificate.write(made, tmp_path / "chain.pem", tmp_path / "key.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=own.chain)
    context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    theirs = bench.recorder()
    strict = await transport.listen(Stream(), "127.0.0.1", 0, lambda: TlsLayer(context, lambda: theirs))
    bench.listeners.append(strict)
    pair = Certificate(certificate=own.chain, key=own.key)
    with_it = await bench.dial(pinning(made, certificates=(pair,)), strict.port)
    with_it.transport.write(b"here I am")
    assert await theirs.at_least(9) == b"here I am"
    without = await bench.dial(pinning(made), strict.port)
    assert describe(await without.ended()) == "the server asks for a client certificate"


async def test_a_cut_is_not_an_end(bench: Any, made: certificate.SelfSigned) -> None:
    ours, theirs = await bench.pair(server(made), pinning(made))
    ours.transport.lower.close()
    error = await theirs.ended()
    assert describe(error) == "cut off: TLS was not closed"
    assert isinstance(error, ConnectionResetError)
    assert not theirs.eof


async def test_bytes_that_were_changed_on_the_way(bench: Any, made: certificate.SelfSigned) -> None:
    ours, theirs = await bench.pair(server(made), pinning(made))
    ours.transport.write(b"good")
    await theirs.at_least(4)
    ours.transport.lower.write(b"\x17\x03\x03\x00\x20" + bytes(32))
    error = await theirs.ended()
    assert describe(error).startswith("TLS: ")
    assert theirs.received == b"good"


async def test_a_silent_client_is_dropped(
    bench: Any, made: certificate.SelfSigned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE_TIMEOUT", 0.05)
    listener, _ = await bench.listen(server(made))
    silent = await bench.dial(Stream(), listener.port)
    await silent.ended()


async def test_half_close_waits_for_what_a_paused_reader_has_not_read(
    bench: Any, made: certificate.SelfSigned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "READ_CHUNK", 1)
    ours, theirs = await bench.pair(server(made), pinning(made))
    theirs.keep_open = True
    reader = Pausing(bench.recorder(), ours.transport)
    ours.transport.set_protocol(reader)
    data = os.urandom(200_000)
    theirs.transport.write(data)
    await reader.recorder.at_least(1)
    ours.transport.write(b"last words")
    ours.transport.write_eof()
    assert await theirs.at_least(10) == b"last words"
    assert not theirs.eof
    ours.transport.resume_reading()
    await theirs.until(lambda: theirs.eof)
    assert await reader.recorder.at_least(len(data)) == data
    ours.transport.set_protocol(ours)


class Pausing(asyncio.Protocol):
    """Stops reading at the first piece."""

    def __init__(self, recorder: Any, transport: asyncio.Transport) -> None:
        self.recorder = recorder
        self.transport: asyncio.Transport | None = transport

    def data_received(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.pause_reading()
            self.transport = None
        self.recorder.data_received(data)


# Layers over layers


async def test_tls_within_tls(bench: Any, made: certificate.SelfSigned) -> None:
    context = tls_context.ServerTls(server(made)).context()
    inner = bench.recorder()
    accepted = await transport.listen(server(made), "127.0.0.1", 0, lambda: TlsLayer(context, lambda: inner))
    bench.listeners.append(accepted)
    ours = bench.recorder()
    stack = transport.client_stack(pinning(made), "portal.example", ours)
    await transport.dial(pinning(made), "127.0.0.1", accepted.port, lambda: stack)
    await ours.until(lambda: ours.made == 1)
    data = os.urandom(1_000_000)
    ours.transport.write(data)
    assert await inner.at_least(len(data)) == data
    ours.transport.close()
    assert await inner.ended() is None


async def test_a_stack_that_fails_tells_the_protocol_above(bench: Any, made: certificate.SelfSigned) -> None:
    listener, _ = await bench.listen(server(made))
    ours = bench.recorder()
    stack = transport.client_stack(client(), "portal.example", ours)
    await transport.dial(Stream(), "127.0.0.1", listener.port, lambda: stack)
    assert "self-signed" in describe(await ours.ended())
    assert not ours.made


# What a server shows


async def shown(bench: Any, theirs: Stream, name: str) -> bytes:
    listener, _ = await bench.listen(theirs)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=context, server_hostname=name or None)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return cast(bytes, der)


async def test_the_name_picks_the_certificate(bench: Any, made: certificate.SelfSigned) -> None:
    first, wild = certificate.make(["first.example"]), certificate.make(["*.example"])
    theirs = server(first, wild, made)
    picks = {
        "first.example": first,
        "FIRST.example": first,
        "second.example": wild,
        "x.wild.example": made,
        "a.b.example": first,
        "elsewhere.test": first,
    }
    for name, expected in picks.items():
        assert await shown(bench, theirs, name) == ssl.PEM_cert_to_DER_cert(expected.chain), name


async def test_strangers_names_can_be_rejected(bench: Any, made: certificate.SelfSigned) -> None:
    theirs = server(made, reject_unknown_sni=True)
    await shown(bench, theirs, "portal.example")
    error = await refusal(bench, theirs, pinning(made, server_name="other.example"))
    assert describe(error.cause) == "the server has no certificate for this name"


async def test_changed_files_are_read_again(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_context, "RELOAD_INTERVAL", 0)
    files = (tmp_path / "chain.pem", tmp_path / "key.pem")
    old, new = certificate.make(["old.example"]), certificate.make(["new.example"])
    certificate.write(old, *files)
    pair = Certificate(certificate_file=str(files[0]), key_file=str(files[1]))
    listener, _ = await bench.listen(Stream(security="tls", tls=Tls(certificates=(pair,))))
    await bench.dial(pinning(old), listener.port)
    certificate.write(new, *files)
    await bench.dial(pinning(new), listener.port)
    files[1].write_text("broken")
    await bench.dial(pinning(new), listener.port)
    files[1].unlink()
    await bench.dial(pinning(new), listener.port)


async def test_files_are_not_looked_at_all_the_time(made: certificate.SelfSigned, tmp_path: Path) -> None:
    files = (tmp_path / "chain.pem", tmp_path / "key.pem")
    certificate.write(made, *files)
    pair = Certificate(certificate_file=str(files[0]), key_file=str(files[1]))
    theirs = tls_context.ServerTls(Stream(security="tls", tls=Tls(certificates=(pair,))))
    before = theirs.context()
    certificate.write(certificate.make(["new.example"]), *files)
    assert theirs.context() is before
    theirs.reload()
    assert theirs.context() is not before


async def test_bad_certificates_are_named(bench: Any, made: certificate.SelfSigned, tmp_path: Path) -> None:
    other = certificate.make(["other.example"])
    missing = str(tmp_path / "missing.pem")
    text = tmp_path / "text.pem"
    text.write_text("not PEM")
    cases = [
        (Certificate(certificate_file=missing, key=made.key), "certificate file .*missing.pem: No such file"),
        (
            Certificate(certificate=made.chain, key_file=missing),
            "certificate file .*missing.pem: No such file",
        ),
        (Certificate(certificate=made.chain, key=other.key), "do not belong together"),
        (Certificate(certificate=made.chain), "comes without a key"),
        (Certificate(certificate_file=str(text), key=made.key), "text.pem .*PEM"),
        (Certificate(certificate=made.chain, key="nonsense"), "not in PEM"),
        (Certificate(certificate=made.chain, usage="verify"), "needs a certificate to show"),
    ]
    for pair, message in cases:
        with pytest.raises(OSError, match=message):
            await bench.listen(Stream(security="tls", tls=Tls(certificates=(pair,))))
    bad = client(certificates=(Certificate(certificate_file=missing, usage="verify"),))
    with pytest.raises(DialError, match=r"certificate file .*missing\.pem"):
        await bench.dial(bad, 1)


async def test_a_unix_socket_has_no_name_to_check(bench: Any, made: certificate.SelfSigned, tmp_path: Path) -> None:
    path = str(tmp_path / "in.sock")
    await bench.listen(server(made), path)
    with pytest.raises(DialError, match="needs serverName"):
        await bench.dial(pinning(made), 0, path)
    await bench.dial(pinning(made, server_name="portal.example"), 0, path)
