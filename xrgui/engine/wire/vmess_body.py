"""The body of a VMess connection: chunks of size, sealed payload and padding. Sans-I/O.

Source: Xray proxy/vmess/encoding (client.go, server.go) and common/crypto/auth.go.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5
from itertools import pairwise

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHAKE128, XOFHash

from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.wire.address import Data
from xrgui.engine.wire.vmess import Command, Option, Random, Request, Security, kdf

CHUNK = 16384
"""Bytes of payload in a chunk of a stream. Every known reader takes chunks up to 65535."""
PACKET_LIMIT = 8192
"""Bytes of a packet above which Xray's reader splits it (common/buf)."""
TAG = 16


class _Direction:
    """What both ends of one direction count alike: nonces, size masks and padding lengths."""

    def __init__(self, request: Request, upward: bool) -> None:
        options, security = request.options, request.security
        if options & Option.PADDING and not options & Option.MASKING:
            raise RemoteProtocolError("VMess padding without masking")
        if security is Security.NONE and not options & Option.CHUNKS:
            raise RemoteProtocolError("VMess without encryption and without chunks is not supported")
        key, iv = (request.key, request.iv) if upward else (request.response_key, request.response_iv)
        packets = request.command is Command.UDP
        self._aead = _aead(security, key)
        self._nonce_end = iv[2:12]
        self._count = 0
        self._started = not upward
        """Whether an empty chunk is the end: as the first of the client's it is not, see `BodyReader`."""
        self._overhead = 0 if self._aead is None else TAG
        self._masked = bool(options & Option.MASKING)
        self._padded = bool(options & Option.PADDING) and (self._aead is not None or packets)
        self._stream = _shake(iv) if self._masked else None
        self._lengths = None
        self._length_nonce_end = request.iv[2:12]
        self._head = 2
        if options & Option.AUTHENTICATED_LENGTH and security is not Security.NONE:
            self._lengths = _aead(security, kdf(request.key, b"auth_len")[:16])
            self._masked = False
            self._head = 2 + TAG

    def _next_masks(self) -> tuple[int, int]:
        """Padding length and size mask of the next chunk."""
        if self._stream is None:
            return 0, 0
        padding = int.from_bytes(self._stream(2)) & 63 if self._padded else 0
        return padding, int.from_bytes(self._stream(2)) if self._masked else 0

    def _next_nonce(self) -> bytes:
        count = self._count
        self._count = count + 1 & 0xFFFF
        return count.to_bytes(2) + self._nonce_end


class BodyWriter(_Direction):
    """Seals payload; *upward* is the direction from the client."""

    limit = PACKET_LIMIT

    def __init__(self, request: Request, upward: bool, random: Random) -> None:
        super().__init__(request, upward)
        self._random = random

    def seal_stream(self, data: Data) -> memoryview:
        """*data* (not empty) as chunks of CHUNK bytes at most."""
        view = memoryview(data)
        size = len(view)
        out = memoryview(bytearray(size + -(-size // CHUNK) * (self._head + TAG + 63)))
        end = 0
        for start in range(0, size, CHUNK):
            end = self._put(out, end, view[start : start + CHUNK])
        return out[:end]

    def end(self) -> bytes:
        """The end of the stream: an empty chunk."""
        first = b"" if self._started else bytes(self.seal(b""))
        return first + self.seal(b"")

    def seal(self, packet: Data) -> memoryview:
        """*packet* as one chunk."""
        out = memoryview(bytearray(len(packet) + self._head + TAG + 63))
        return out[: self._put(out, 0, packet)]

    def _put(self, out: memoryview, start: int, plain: Data) -> int:
        """Write one chunk into *out* at *start*; its end."""
        self._started = True
        padding, mask = self._next_masks()
        body = start + self._head
        end = body + len(plain) + self._overhead
        size = end - body + padding
        if self._lengths is None:
            out[start:body] = (size ^ mask).to_bytes(2)
        else:
            nonce = self._count.to_bytes(2) + self._length_nonce_end
            out[start:body] = self._lengths.encrypt(nonce, (size - TAG).to_bytes(2), None)
        if self._aead is None:
            out[body:end] = plain
        else:
            self._aead.encrypt_into(self._next_nonce(), plain, None, out[body:end])
        if padding:
            out[end : end + padding] = self._random(padding)
        return end + padding


class BodyReader(_Direction):
    """Opens chunks; *upward* is the direction from the client.

    An empty chunk ends the stream, unless it is the client's first: Xray 26.7 sends one whenever its visitor
    says nothing for 100 ms, and payload comes after it.
    """

    def __init__(self, request: Request, upward: bool) -> None:
        super().__init__(request, upward)
        self._rest = b""
        self._size = -1
        """Of the chunk whose head was read, with tag and padding; -1 before that."""
        self._padding = 0
        self.ended = False
        """Whether the empty chunk came. What follows it is ignored."""

    @property
    def complete(self) -> bool:
        """Whether the bytes so far end with a chunk, as the other end would end its stream."""
        return not self._rest and self._size < 0

    def receive_stream(self, data: Data) -> memoryview:
        """The payload of the chunks that *data* completes.

        Raises RemoteProtocolError for bytes that are not chunks of this stream.
        """
        plain, ends = self._receive(data)
        return plain[: ends[-1]] if ends else plain[:0]

    def receive(self, data: Data) -> list[memoryview]:
        """The same, each chunk a packet."""
        plain, ends = self._receive(data)
        return [plain[start:end] for start, end in pairwise((0, *ends))]

    def _receive(self, data: Data) -> tuple[memoryview, list[int]]:
        """Payload, and where in it each chunk ends."""
        view = memoryview(self._rest + data if self._rest else data)
        size = len(view)
        plain = memoryview(bytearray(0 if self.ended else size))
        ends: list[int] = []
        start = filled = 0
        while not self.ended:
            if self._size < 0:
                if size - start < self._head:
                    break
                self._read_head(view[start : start + self._head])
                start += self._head
            stop = start + self._size
            if stop > size:
                break
            begin, filled = filled, filled + self._size - self._padding - self._overhead
            self._open(view[start : stop - self._padding], plain[begin:filled])
            start = stop
            self._size = -1
            if filled > begin:
                ends.append(filled)
            elif self._started:
                self.ended = True
            self._started = True
        self._rest = b"" if self.ended else bytes(view[start:])
        return plain, ends

    def _read_head(self, head: memoryview) -> None:
        self._padding, mask = self._next_masks()
        if self._lengths is None:
            self._size = int.from_bytes(head) ^ mask
        else:
            nonce = self._count.to_bytes(2) + self._length_nonce_end
            try:
                self._size = int.from_bytes(self._lengths.decrypt(nonce, head, None)) + TAG
            except InvalidTag:
                raise RemoteProtocolError("a VMess chunk's length does not decrypt") from None
        if self._size < self._overhead + self._padding:
            raise RemoteProtocolError("a VMess chunk is shorter than its padding")

    def _open(self, sealed: memoryview, plain: memoryview) -> None:
        if self._aead is None:
            plain[:] = sealed
            return
        try:
            self._aead.decrypt_into(self._next_nonce(), sealed, None, plain)
        except InvalidTag:
            raise RemoteProtocolError("a VMess chunk does not decrypt") from None


def _aead(security: Security, key: bytes) -> AESGCM | ChaCha20Poly1305 | None:
    if security is Security.AES_128_GCM:
        return AESGCM(key)
    if security is Security.CHACHA20_POLY1305:
        first = md5(key).digest()
        return ChaCha20Poly1305(first + md5(first).digest())
    return None


def _shake(iv: bytes) -> Callable[[int], bytes]:
    stream = XOFHash(SHAKE128(digest_size=2**62))
    stream.update(iv)
    return stream.squeeze
