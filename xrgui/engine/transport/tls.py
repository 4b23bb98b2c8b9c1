"""TLS as a layer over any stream transport.

Not the loop's own TLS: this one runs over layers as well as over sockets, checks a pinned
certificate before anything is sent, passes half-closes on, and is faster where memory is big
(uvloop asks for 256 KiB of fresh memory for each record of 16 KiB).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
from collections.abc import Callable, Iterable
from typing import Any, cast

from xrgui.engine.errors import AuthenticationError, EngineError
from xrgui.engine.layer import Layer
from xrgui.engine.transport.handshake import Failed, HandshakeLayer
from xrgui.engine.transport.tls_words import in_words

log = logging.getLogger(__name__)

Data = bytes | bytearray | memoryview

HANDSHAKE_TIMEOUT = 10
RECORD = 16 * 1024
"""Payload of the biggest TLS record."""
WRITE_CHUNK = 64 * 1024
"""Encrypted at once: fits the second-level cache with room to spare."""
READ_CHUNK = 96 * 1024
"""Handed up at once. Bigger pieces cost more than they save: the allocator maps and unmaps memory
for everything from 128 KiB on."""

_cipher = bytearray(256 * 1024)
_cipher_view = memoryview(_cipher)
_plain = memoryview(bytearray(READ_CHUNK + RECORD))
"""Scratch memory that all connections share: nothing stays in it from one call to the next."""


class TlsLayer(HandshakeLayer):
    """*server_name* (None on the listening side) goes out as SNI and is what the context checks.

    *verify* looks at the peer once the handshake is over, before a byte is sent; it raises
    AuthenticationError to refuse it.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        factory: Callable[[], asyncio.Protocol],
        *,
        server_name: str | None = None,
        verify: Callable[[ssl.SSLObject], None] | None = None,
        failed: Failed | None = None,
    ) -> None:
        super().__init__(factory, failed, HANDSHAKE_TIMEOUT)
        self._verify = verify
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=failed is None, server_hostname=server_name
        )
        self._read = cast(Callable[[int, memoryview], int], self._tls.read)
        self._paused = False
        self._closing = False
        self._peer_finished = False
        self._eof_told = False
        self._eof_sent = False
        self._eof_waits = False

    # From below

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not isinstance(transport, Layer):
            self.lower.set_protocol(_SocketSide(self))
        self._shake()

    def data_received(self, data: Data) -> None:
        self._incoming.write(data)
        if self.established:
            self._pump()
        elif not self._closing:
            self._shake()

    def eof_received(self) -> bool | None:
        if not self.established:
            return False
        self._pump()
        if self._peer_finished:
            return not self._closing
        self.error = self.error or ConnectionResetError(errno.ECONNRESET, "cut off: TLS was not closed")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        super().connection_lost(exc)

    def _shake(self) -> None:
        try:
            self._tls.do_handshake()
            if self._verify is not None:
                self._verify(self._tls)
        except ssl.SSLWantReadError:
            self._flush()
        except (ssl.SSLError, ssl.CertificateError, AuthenticationError) as error:
            self._flush()
            self.fail(error if isinstance(error, EngineError) else in_words(error))
        else:
            self.establish()
            self._flush()
            self._pump()

    def fail(self, error: Exception) -> None:
        self._closing = True
        if self.failed is None and not self.established:
            log.debug("TLS handshake with %s: %s", self.lower.get_extra_info("peername"), error)
        super().fail(error)

    def _pump(self) -> None:
        """Hand up what can be decrypted, then whatever waited for that."""
        while not (self._paused or self._closing or self._peer_finished):
            filled = self._decrypt()
            if not filled:
                break
            self.upper.data_received(bytes(_plain[:filled]))
        if self._outgoing.pending:
            self._flush()
        if self._paused or self._closing:
            return
        if self._eof_waits:
            self._finish()
        if self._peer_finished and not self._eof_told:
            self._eof_told = True
            if not self.upper.eof_received():
                self.ended_by_peer = True
                self.close()

    def _decrypt(self) -> int:
        """Fill the scratch memory with whole records, up to READ_CHUNK and one more."""
        filled = 0
        incoming, pending, read = self._incoming, self._tls.pending, self._read
        try:
            while filled < READ_CHUNK and (incoming.pending or pending()):
                count = read(RECORD, _plain[filled:])
                if not count:
                    self._peer_finished = True
                    break
                filled += count
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._peer_finished = True
        except ssl.SSLError as error:
            self.fail(in_words(error))
        return filled

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data and not self.lower.is_closing():
            self.lower.write(data)

    # From above

    def write(self, data: Data) -> None:
        self.writelines((data,))

    def writelines(self, list_of_data: Iterable[Data]) -> None:
        """Small pieces share a record, as far as one holds."""
        if self._closing:
            return
        small: list[Data] = []
        size = 0
        try:
            for data in list_of_data:
                if size + len(data) > RECORD:
                    self._encrypt(b"".join(small))
                    small, size = [], 0
                if len(data) > RECORD:
                    self._encrypt(data)
                else:
                    small.append(data)
                    size += len(data)
            self._encrypt(small[0] if len(small) == 1 else b"".join(small))
        except ssl.SSLError as error:
            self.fail(in_words(error))
        else:
            self._flush()

    def _encrypt(self, data: Data) -> None:
        if not data:
            return
        if len(data) <= WRITE_CHUNK:
            self._tls.write(data)
            if self._outgoing.pending >= WRITE_CHUNK:
                self._flush()
            return
        view = memoryview(data)
        for start in range(0, len(data), WRITE_CHUNK):
            self._tls.write(view[start : start + WRITE_CHUNK])
            self._flush()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Say that no more comes; the peer may still send. What arrived is handed up before, because
        OpenSSL gives none of it out afterwards."""
        if self._closing or self._eof_sent or self._eof_waits:
            return
        if self._incoming.pending or self._tls.pending():
            self._eof_waits = True
            asyncio.get_running_loop().call_soon(self._pump)
        else:
            self._finish()

    def _finish(self) -> None:
        self._eof_waits = False
        self._eof_sent = True
        try:
            self._tls.unwrap()
        except (ssl.SSLError, OSError):
            pass
        self._flush()

    def pause_reading(self) -> None:
        self._paused = True
        self.lower.pause_reading()

    def resume_reading(self) -> None:
        self._paused = False
        if self._incoming.pending or self._tls.pending() or self._peer_finished:
            asyncio.get_running_loop().call_soon(self._pump)
        self.lower.resume_reading()

    def is_reading(self) -> bool:
        return not self._paused and self.lower.is_reading()

    def is_closing(self) -> bool:
        return self._closing or self.lower.is_closing()

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        if self.established and not self._eof_sent:
            self._finish()
        self.lower.close()

    def abort(self) -> None:
        self._closing = True
        self.lower.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._tls if name == "ssl_object" else super().get_extra_info(name, default)


class _SocketSide(asyncio.BufferedProtocol):
    """Lets the loop read from a socket straight into the scratch memory, one copy less."""

    def __init__(self, layer: TlsLayer) -> None:
        self._layer = layer
        self.data_received = layer.data_received
        self.eof_received = layer.eof_received  # type: ignore[method-assign]
        self.connection_lost = layer.connection_lost  # type: ignore[method-assign]
        self.pause_writing = layer.pause_writing  # type: ignore[method-assign]
        self.resume_writing = layer.resume_writing  # type: ignore[method-assign]

    def get_buffer(self, sizehint: int) -> bytearray:
        return _cipher

    def buffer_updated(self, nbytes: int) -> None:
        self._layer.data_received(_cipher_view[:nbytes])
