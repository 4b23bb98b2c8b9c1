"""The body of a VMess connection: chunks of size, sealed payload and padding. Sans-I/O.

Source: Xray proxy/vmess/encoding (client.go, server.go) and common/crypto/auth.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import md5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHAKE128, XOFHash

from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.wire.address import Data
from xrgui.engine.wire.vmess import Command, Option, Random, Request, Security, kdf

CHUNK = 32768
"""Bytes of payload in a chunk of a stream. v2ray and Xray take chunks up to 65535, but what has come of one is
of no use before its end."""
PIECE = 65536
"""Bytes that are sealed or opened at a time: small enough that their memory is soon used again, while it is
warm. Buffers of 256 KiB went back to the system each time: twice the processor time in all."""
PACKET_LIMIT = 8192
"""Bytes of a packet above which Xray's reader splits it (common/buf)."""
TAG = 16
MOST_PADDING = 63


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
        if not self._padded:
            return 0, int.from_bytes(self._stream(2)) if self._masked else 0
        if not self._masked:
            return int.from_bytes(self._stream(2)) & 63, 0
        both = int.from_bytes(self._stream(4))
        return both >> 16 & 63, both & 0xFFFF

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

    def seal_stream(self, parts: Sequence[Data]) -> Iterator[memoryview]:
        """*parts*, one after the other, as chunks of CHUNK bytes, in buffers for PIECE bytes."""
        left = sum(map(len, parts))
        out = memoryview(bytearray())
        end = 0
        for chunk in _cut(parts):
            if end + len(chunk) > len(out) - self._head - TAG - MOST_PADDING:
                if end:
                    yield out[:end]
                piece = min(left, PIECE)
                out = memoryview(bytearray(piece + -(-piece // CHUNK) * (self._head + TAG + MOST_PADDING)))
                end = 0
            end = self._put(out, end, chunk)
            left -= len(chunk)
        if end:
            yield out[:end]

    def end(self) -> bytes:
        """The end of the stream: an empty chunk."""
        first = b"" if self._started else bytes(self.seal(b""))
        return first + self.seal(b"")

    def seal(self, packet: Data) -> memoryview:
        """*packet* as one chunk."""
        out = memoryview(bytearray(len(packet) + self._head + TAG + MOST_PADDING))
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
        self._rest = bytearray()
        """The beginning of a head or of what follows it."""
        self._size = -1
        """Of the chunk whose head was read, with tag and padding; -1 before that."""
        self._padding = 0
        self.ended = False
        """Whether the end of the stream came. What follows it is ignored."""

    @property
    def complete(self) -> bool:
        """Whether the bytes so far end with a chunk, as the other end would end its stream."""
        return not self._rest and self._size < 0

    def receive_stream(self, data: Data) -> Iterator[memoryview]:
        """The payload of the chunks that *data* completes, small ones joined, PIECE bytes at most in general.

        Raises RemoteProtocolError for bytes that are not chunks of this stream.
        """
        piece = memoryview(bytearray())
        filled = 0
        for sealed, left in self._chunks(memoryview(data)):
            size = len(sealed) - self._overhead
            if filled + size > len(piece):
                if filled:
                    yield piece[:filled]
                piece = memoryview(bytearray(max(size, min(size + left, PIECE))))
                filled = 0
            self._open(sealed, piece[filled : filled + size])
            filled += size
        if filled:
            yield piece[:filled]

    def receive(self, data: Data) -> list[memoryview]:
        """The same, each chunk a packet."""
        packets = []
        for sealed, _ in self._chunks(memoryview(data)):
            packet = memoryview(bytearray(len(sealed) - self._overhead))
            self._open(sealed, packet)
            if packet:
                packets.append(packet)
        return packets

    def _chunks(self, data: memoryview) -> Iterator[tuple[memoryview, int]]:
        """Each complete chunk without its padding, and how many bytes of *data* lie behind it."""
        start, size = 0, len(data)
        while not self.ended:
            wanted = self._head if self._size < 0 else self._size
            stop = start + wanted - len(self._rest)
            if stop > size:
                self._rest += data[start:]
                return
            part = data[start:stop]
            if self._rest:
                part = memoryview(self._rest + part)
                self._rest = bytearray()
            start = stop
            if self._size < 0:
                self._read_head(part)
            else:
                self._size = -1
                yield part[: wanted - self._padding], size - start

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
        else:
            try:
                self._aead.decrypt_into(self._next_nonce(), sealed, None, plain)
            except InvalidTag:
                raise RemoteProtocolError("a VMess chunk does not decrypt") from None
        self.ended = not plain and self._started
        self._started = True


def _cut(parts: Iterable[Data]) -> Iterator[Data]:
    """CHUNK bytes at a time, the last fewer. Only what lies across parts is copied."""
    joined: list[Data] = []
    lacking = CHUNK
    for part in parts:
        view = memoryview(part)
        start = 0
        while len(view) - start >= lacking:
            chunk = view[start : start + lacking]
            start += lacking
            yield b"".join((*joined, chunk)) if joined else chunk
            joined, lacking = [], CHUNK
        if start < len(view):
            joined.append(view[start:])
            lacking -= len(view) - start
    if joined:
        yield b"".join(joined)


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
