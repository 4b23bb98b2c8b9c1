"""SSL contexts and what to check beyond them, made from the configuration."""

from __future__ import annotations

import errno
import logging
import os
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from xrgui.config.model import Certificate, Stream, Tls
from xrgui.engine.transport import tls_verify

log = logging.getLogger(__name__)

RELOAD_INTERVAL = 60
"""Seconds between two looks at certificate files."""
_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


class ClientTls(NamedTuple):
    context: ssl.SSLContext
    server_name: str
    verify: Callable[[ssl.SSLObject], None] | None


def for_client(stream: Stream, host: str) -> ClientTls:
    """What it takes to dial *host*. Raises OSError about certificate files or a missing name."""
    tls = stream.tls
    name = (tls.server_name or host).rstrip(".")
    if name.startswith(("/", "@")) or not name:
        raise OSError(errno.EINVAL, "TLS over a unix socket needs serverName")
    context = _client_context(tls, _alpn(stream), _file_times(tls))
    if tls.pinned or tls.verify_names:
        return ClientTls(context, name, partial(tls_verify.check_peer, tls=tls, server_name=name))
    return ClientTls(context, name, None)


def _alpn(stream: Stream) -> tuple[str, ...]:
    """Xray transport/internet/tls/config.go; WebSocket lives in HTTP/1.1 only."""
    return stream.tls.alpn or (("http/1.1",) if stream.network == "ws" else ("h2", "http/1.1"))


@lru_cache(maxsize=64)
def _client_context(tls: Tls, alpn: tuple[str, ...], file_times: tuple[int, ...]) -> ssl.SSLContext:
    """Cached, because reading the system's roots takes some 20 ms; *file_times* tell when to read again."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _common(context, tls, alpn)
    context.hostname_checks_common_name = False
    if tls.pinned:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.check_hostname = not tls.verify_names
        if not tls.disable_system_root:
            context.load_default_certs()
    for certificate in tls.certificates:
        if certificate.usage == "verify":
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            _load_roots(context, certificate)
        else:
            _load_pair(context, certificate)
    return context


def _common(context: ssl.SSLContext, tls: Tls, alpn: tuple[str, ...]) -> None:
    if tls.min_version:
        context.minimum_version = _VERSIONS[tls.min_version]
    if tls.max_version:
        context.maximum_version = _VERSIONS[tls.max_version]
    if ciphers := ":".join(filter(None, map(openssl_cipher, tls.cipher_suites))):
        try:
            context.set_ciphers(ciphers)
        except ssl.SSLError:
            raise OSError(errno.EINVAL, f"none of cipherSuites is known: {ciphers}") from None
    if not tls.session_resumption:
        context.options |= ssl.OP_NO_TICKET
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(list(alpn))


def openssl_cipher(name: str) -> str:
    """OpenSSL's name of the TLS 1.2 cipher suite that Go and the RFCs call *name*.

    Empty for suites of TLS 1.3, which neither Go nor this lets anyone choose.
    """
    if "_WITH_" not in name:
        return "" if name.startswith("TLS_") else name
    exchange, _, cipher = name.removeprefix("TLS_").partition("_WITH_")
    if "CHACHA20" in cipher:
        cipher = "CHACHA20-POLY1305"
    cipher = cipher.replace("AES_", "AES").replace("3DES_EDE_CBC", "DES-CBC3").replace("_CBC", "")
    return ("" if exchange == "RSA" else f"{exchange}-".replace("_", "-")) + cipher.replace("_", "-")


class ServerTls:
    """The contexts of a listener, one for each certificate; changed files are read again."""

    def __init__(self, stream: Stream) -> None:
        """Raises OSError that names the certificate at fault."""
        self._stream = stream
        self._times = _file_times(stream.tls)
        self._context = _server_context(stream)
        self._looked = monotonic()

    def context(self) -> ssl.SSLContext:
        if monotonic() - self._looked >= RELOAD_INTERVAL:
            self.reload()
        return self._context

    def reload(self) -> None:
        """Read changed files now; where that fails, the certificates in use stay."""
        self._looked = monotonic()
        try:
            times = _file_times(self._stream.tls)
            if times != self._times:
                self._context = _server_context(self._stream)
                self._times = times
                log.info("read the changed TLS certificates")
        except OSError as error:
            log.warning("the TLS certificates in use stay: %s", error.strerror)


def _server_context(stream: Stream) -> ssl.SSLContext:
    tls = stream.tls
    pairs = [each for each in tls.certificates if each.usage == "encipherment"]
    if not pairs:
        raise OSError(errno.EINVAL, "TLS needs a certificate to show: `xrgui cert` makes one")
    made = []
    for pair in pairs:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _common(context, tls, _alpn(stream))
        if not tls.session_resumption:
            context.num_tickets = 0
        _load_pair(context, pair)
        made.append(context)
    if tls.reject_unknown_sni or len(made) > 1:
        contexts: dict[str, ssl.SSLContext] = {}
        for pair, context in zip(pairs, made, strict=True):
            for name in _certificate_names(pair):
                contexts.setdefault(name, context)
        made[0].sni_callback = partial(_choose, contexts, tls.reject_unknown_sni)
    return made[0]


def _choose(
    contexts: dict[str, ssl.SSLContext], strict: bool, connection: ssl.SSLObject, name: str | None, _: object
) -> int | None:
    """Exact name, else the wildcard one label up, else the first certificate or, if strict, none."""
    wanted = (name or "").lower()
    label, dot, parent = wanted.partition(".")
    context = contexts.get(wanted) or contexts.get(f"*.{parent}" if dot and label else "")
    if context is not None:
        connection.context = context
    elif strict:
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return None


def _certificate_names(pair: Certificate) -> list[str]:
    from xrgui.engine.transport import tls_chain

    try:
        return tls_chain.server_names(_chain(pair))
    except ValueError:
        raise OSError(errno.EINVAL, f"{_label(pair)} holds no certificate in PEM") from None


def _label(pair: Certificate) -> str:
    return pair.certificate_file or "the certificate in the configuration"


def _chain(pair: Certificate) -> bytes:
    return _content(pair.certificate, pair.certificate_file, "certificate")


def _content(text: str, file: str, what: str) -> bytes:
    if not file:
        return text.encode("utf-8", "replace")
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise OSError(error.errno, f"{what} file {file}: {error.strerror}") from None


def _load_roots(context: ssl.SSLContext, certificate: Certificate) -> None:
    try:
        context.load_verify_locations(cadata=_chain(certificate).decode("ascii", "replace"))
    except (ssl.SSLError, ValueError):
        raise OSError(errno.EINVAL, f"{_label(certificate)} holds no certificate in PEM") from None


def _load_pair(context: ssl.SSLContext, pair: Certificate) -> None:
    chain = _chain(pair)
    key = _content(pair.key, pair.key_file, "key") if pair.key or pair.key_file else b""
    try:
        with _as_file(chain + b"\n" + key) as path:
            context.load_cert_chain(path, password=lambda: b"")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            text = f"{_label(pair)} and its key do not belong together"
        elif not key:
            text = f"{_label(pair)} comes without a key"
        else:
            text = f"{_label(pair)} or its key is not in PEM, or the key is locked by a passphrase"
        raise OSError(errno.EINVAL, text) from None


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """OpenSSL reads keys from files only: one in memory where the system has that."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("tls"), "wb") as memory:
            memory.write(content)
            memory.flush()
            yield f"/proc/self/fd/{memory.fileno()}"
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "pair.pem")
        path.touch(0o600)
        path.write_bytes(content)
        yield str(path)


def _file_times(tls: Tls) -> tuple[int, ...]:
    """Changes whenever one of the files does."""
    files = [name for each in tls.certificates for name in (each.certificate_file, each.key_file) if name]
    try:
        return tuple(os.stat(name).st_mtime_ns for name in files)
    except OSError as error:
        raise OSError(error.errno, f"certificate file {error.filename}: {error.strerror}") from None
