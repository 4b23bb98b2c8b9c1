"""VMess AEAD headers (alterId 0). Sans-I/O: time and random bytes are passed in.

Request on the wire: auth id (16), sealed length (18), nonce (8), sealed header. Response: sealed
length (18), sealed header. Source: Xray proxy/vmess/aead and proxy/vmess/encoding.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from enum import IntEnum, IntFlag
from hashlib import md5, sha256
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID
from zlib import crc32

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xrgui.engine.errors import AuthenticationError, RemoteProtocolError
from xrgui.engine.wire import address
from xrgui.engine.wire.address import Data

Random = Callable[[int], bytes]
"""Gives so many random bytes: os.urandom."""

CLOCK_SKEW = 120
"""Seconds by which the two clocks may differ (aead/authid.go)."""
SALT_SIZE = 12
"""Random bytes in the auth id (4) and the nonce (8)."""


class Command(IntEnum):
    TCP = 1
    UDP = 2
    MUX = 3


class Security(IntEnum):
    AES_128_GCM = 3
    CHACHA20_POLY1305 = 4
    NONE = 5
    """v2ray 4 and older Xray only."""


class Option(IntFlag):
    CHUNKS = 0x01
    MASKING = 0x04
    PADDING = 0x08
    AUTHENTICATED_LENGTH = 0x10


class Request(NamedTuple):
    key: bytes
    """Body key, 16 bytes; as `iv` for the direction from the client."""
    iv: bytes
    check: int
    """The byte that the response must repeat."""
    options: int
    security: Security
    command: Command
    host: str
    """Empty for MUX."""
    port: int
    padding: bytes
    """0 to 15 bytes."""

    @property
    def response_key(self) -> bytes:
        return sha256(self.key).digest()[:16]

    @property
    def response_iv(self) -> bytes:
        return sha256(self.iv).digest()[:16]


class Account:
    """What is derived from a user's id, once."""

    def __init__(self, user: UUID) -> None:
        self.command_key = md5(user.bytes + b"c48619fe-8f02-49e0-b9e9-edf763e17e21").digest()
        key = kdf(self.command_key, b"AES Auth ID Encryption")[:16]
        cipher = Cipher(algorithms.AES(key), modes.ECB())
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update

    def auth_id(self, now: float, salt: bytes) -> bytes:
        """16 bytes that name this user and the Unix time *now*; *salt* is 4 random bytes."""
        plain = int(now).to_bytes(8, signed=True) + salt
        return self._encrypt(plain + crc32(plain).to_bytes(4))

    def auth_time(self, auth_id: bytes) -> int | None:
        """The Unix time in *auth_id*; None if it is not this user's."""
        plain = self._decrypt(auth_id)
        if crc32(plain[:12]).to_bytes(4) != plain[12:]:
            return None
        return int.from_bytes(plain[:8], signed=True)


def new_request(security: Security, command: Command, host: str, port: int, random: Random) -> Request:
    """A request with the options that Xray's and v2ray's clients send."""
    options = Option.CHUNKS | Option.MASKING
    if security is not Security.NONE:
        options |= Option.PADDING
    secret = random(34)
    return Request(
        secret[:16],
        secret[16:32],
        secret[32],
        options,
        security,
        command,
        host,
        port,
        random(secret[33] & 15),
    )


def seal_request(account: Account, request: Request, now: float, salt: bytes) -> bytes:
    """The header as it goes out; *salt* is SALT_SIZE random bytes.

    Raises LocalProtocolError for a target that cannot be sent.
    """
    auth_id, nonce = account.auth_id(now, salt[:4]), salt[4:]
    plain = _encode_header(request)
    length = _header_cipher(account, b"Length", auth_id, nonce)
    header = _header_cipher(account, b"", auth_id, nonce)
    return b"".join((auth_id, length.seal(len(plain).to_bytes(2), auth_id), nonce, header.seal(plain, auth_id)))


User = TypeVar("User")


class ReplayFilter:
    """Remembers auth ids for 120 to 240 s, in two generations (Xray common/antireplay)."""

    def __init__(self) -> None:
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        self._turned = 0.0

    def is_new(self, auth_id: bytes, now: float) -> bool:
        """Whether *auth_id* was not seen yet; it is now."""
        if (age := now - self._turned) >= CLOCK_SKEW:
            self._old = self._young if age < 2 * CLOCK_SKEW else set()
            self._young = set()
            self._turned = now
        if auth_id in self._young or auth_id in self._old:
            return False
        self._young.add(auth_id)
        return True


class RequestReader(Generic[User]):
    """Opens one request header, which may arrive in pieces."""

    def __init__(self, users: Sequence[tuple[Account, User]], replays: ReplayFilter) -> None:
        self._users = users
        self._replays = replays
        self._found: tuple[Account, User] | None = None
        self._size = 0

    def receive(self, buf: Data, now: float) -> tuple[Request, User, int] | None:
        """Read *buf*, everything that came so far, at Unix time *now*.

        The result is the request, whose it is and its length in *buf*; None if more is needed. Raises
        AuthenticationError for an unknown user, a wrong clock or a replay, else RemoteProtocolError.
        """
        if self._found is None:
            if len(buf) < 16:
                return None
            self._found = self._match(bytes(buf[:16]), now)
        account, user = self._found
        if len(buf) < 42:
            return None
        auth_id, nonce = bytes(buf[:16]), bytes(buf[34:42])
        if not self._size:
            length = _header_cipher(account, b"Length", auth_id, nonce).open(bytes(buf[16:34]), auth_id)
            self._size = 42 + int.from_bytes(length) + 16
        if len(buf) < self._size:
            return None
        cipher = _header_cipher(account, b"", auth_id, nonce)
        return _decode_header(cipher.open(bytes(buf[42 : self._size]), auth_id)), user, self._size

    def _match(self, auth_id: bytes, now: float) -> tuple[Account, User]:
        for account, user in self._users:
            sent = account.auth_time(auth_id)
            if sent is None:
                continue
            off = sent - int(now)
            if abs(off) > CLOCK_SKEW:
                raise AuthenticationError(
                    f"the peer's clock is {abs(off)} s {'ahead' if off > 0 else 'behind'}; "
                    f"VMess allows {CLOCK_SKEW} s: set both clocks"
                )
            if not self._replays.is_new(auth_id, now):
                raise AuthenticationError("the request was sent before: a replay")
            return account, user
        raise AuthenticationError("unknown user id")


def seal_response(request: Request) -> bytes:
    """The response header: the check byte, no options, no command."""
    plain = bytes((request.check, 0, 0, 0))
    length, header = _response_ciphers(request)
    return length.seal(len(plain).to_bytes(2), None) + header.seal(plain, None)


def open_response(request: Request, buf: Data) -> int | None:
    """The length of the response header at the start of *buf*; None if *buf* ends too early.

    Raises RemoteProtocolError if it is not the answer to *request*.
    """
    if len(buf) < 18:
        return None
    length, header = _response_ciphers(request)
    end = 18 + int.from_bytes(length.open(bytes(buf[:18]), None)) + 16
    if len(buf) < end:
        return None
    plain = header.open(bytes(buf[18:end]), None)
    if len(plain) < 4 or plain[0] != request.check:
        raise RemoteProtocolError("the VMess response belongs to another request")
    return end


def kdf(key: bytes, *path: bytes) -> bytes:
    """32 bytes: HMAC over HMAC, one level for each part of *path* (Xray proxy/vmess/aead/kdf.go)."""
    if not path:
        return hmac.digest(b"VMess AEAD KDF", key, "sha256")
    *below, last = path
    pad = (last if len(last) <= 64 else kdf(last, *below)).ljust(64, b"\0")
    return kdf(pad.translate(_outer) + kdf(pad.translate(_inner) + key, *below), *below)


_inner = bytes(byte ^ 0x36 for byte in range(256))
_outer = bytes(byte ^ 0x5C for byte in range(256))


class _Cipher(NamedTuple):
    """AES-128-GCM for one message."""

    key: bytes
    nonce: bytes

    def seal(self, plain: bytes, associated: bytes | None) -> bytes:
        return AESGCM(self.key).encrypt(self.nonce, plain, associated)

    def open(self, sealed: bytes, associated: bytes | None) -> bytes:
        try:
            return AESGCM(self.key).decrypt(self.nonce, sealed, associated)
        except InvalidTag:
            raise RemoteProtocolError("a VMess header does not decrypt") from None


def _header_cipher(account: Account, part: bytes, auth_id: bytes, nonce: bytes) -> _Cipher:
    key, base = account.command_key, b"VMess Header AEAD "
    suffix = b"_" + part if part else b""
    return _Cipher(
        kdf(key, base + b"Key" + suffix, auth_id, nonce)[:16],
        kdf(key, base + b"Nonce" + suffix, auth_id, nonce)[:12],
    )


def _response_ciphers(request: Request) -> tuple[_Cipher, _Cipher]:
    key, iv = request.response_key, request.response_iv
    return (
        _Cipher(kdf(key, b"AEAD Resp Header Len Key")[:16], kdf(iv, b"AEAD Resp Header Len IV")[:12]),
        _Cipher(kdf(key, b"AEAD Resp Header Key")[:16], kdf(iv, b"AEAD Resp Header IV")[:12]),
    )


def _encode_header(request: Request) -> bytes:
    plain = b"".join(
        (
            b"\x01",
            request.iv,
            request.key,
            bytes((request.check, request.options)),
            bytes((len(request.padding) << 4 | request.security, 0, request.command)),
            b"" if request.command is Command.MUX else address.encode(request.host, request.port),
            request.padding,
        )
    )
    return plain + _fnv1a(plain).to_bytes(4)


def _decode_header(plain: bytes) -> Request:
    if len(plain) < 42 or plain[0] != 1 or _fnv1a(plain[:-4]) != int.from_bytes(plain[-4:]):
        raise RemoteProtocolError("malformed VMess header")
    try:
        security, command = Security(plain[35] & 15), Command(plain[37])
    except ValueError:
        raise RemoteProtocolError(f"unsupported VMess security {plain[35] & 15} or command {plain[37]}") from None
    target = ("", 0, 38) if command is Command.MUX else address.decode(plain, 38)
    if target is None or target[2] + (plain[35] >> 4) + 4 > len(plain):
        raise RemoteProtocolError("malformed VMess header")
    host, port, end = target
    padding = plain[end : end + (plain[35] >> 4)]
    return Request(plain[17:33], plain[1:17], plain[33], plain[34], security, command, host, port, padding)


def _fnv1a(data: bytes) -> int:
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value
