"""VMess: the opener as a stranger and as a user with a header of his own making, the response, and bodies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import UUID

from tests.fuzz.support import captured, pieces, vector
from xrgui.engine.errors import AuthenticationError, RemoteProtocolError
from xrgui.engine.wire import vmess
from xrgui.engine.wire.vmess_body import BodyReader, BodyWriter

NOW = 1_700_000_000
ACCOUNT = vmess.Account(UUID(int=7))
SECURITY = list(vmess.Security)


def seeds() -> Iterator[bytes]:
    for header in captured("header_plain_hex"):
        yield b"\0" + header
    for raw in captured("c2s_hex", "s2c_hex"):
        yield b"\1" + raw
    for connection in vector("vmess_aead.json")["connections"]:
        yield b"\2" + bytes.fromhex(connection["s2c_hex"])
    for security in range(3):
        for options in (1, 5, 13, 29):
            yield bytes((3, security, options)) + b"\0\5hello\0\0"
            yield bytes((4, security, options)) + b"some payload that comes back"


def check(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    if kind == b"\0":
        as_user(rest)
    elif kind == b"\1":
        as_stranger(rest)
    elif kind == b"\2":
        try:
            vmess.open_response(request(0, 13), rest)
        except RemoteProtocolError:
            pass
    elif len(rest) >= 2:
        body(rest[0] % 3, rest[1], rest[2:], made_here=kind == b"\4")


def as_user(plain: bytes) -> None:
    """A header that decrypts, its checksum put right."""
    plain = plain[: 1 << 15]
    plain = plain[:-4] + vmess._fnv1a(plain[:-4]).to_bytes(4)
    auth_id, nonce = ACCOUNT.auth_id(NOW, b"salt"), b"12345678"
    length = vmess._header_cipher(ACCOUNT, b"Length", auth_id, nonce).seal(len(plain).to_bytes(2), auth_id)
    sealed = auth_id + length + nonce + vmess._header_cipher(ACCOUNT, b"", auth_id, nonce).seal(plain, auth_id)
    reader = vmess.RequestReader([(ACCOUNT, 0)], vmess.ReplayFilter())
    try:
        assert reader.receive(sealed[:-1], NOW) is None
        found = reader.receive(sealed, NOW)
        assert found is not None
        assert found[2] == len(sealed)
        BodyReader(found[0], True)
        BodyWriter(found[0], False, os.urandom)
    except RemoteProtocolError:
        pass


def as_stranger(data: bytes) -> None:
    reader = vmess.RequestReader([(ACCOUNT, 0)], vmess.ReplayFilter())
    head = b""
    for piece in pieces(data):
        head += piece
        try:
            reader.receive(head, NOW)
        except (AuthenticationError, RemoteProtocolError):
            return


def request(security: int, options: int) -> vmess.Request:
    made = vmess.new_request(SECURITY[security], vmess.Command.TCP, "example.com", 80, lambda size: b"k" * size)
    return made._replace(options=options)


def body(security: int, options: int, data: bytes, *, made_here: bool) -> None:
    try:
        reader = BodyReader(request(security, options), True)
        packets = BodyReader(request(security, options), True)
        writer = BodyWriter(request(security, options), True, lambda size: bytes(size))
    except RemoteProtocolError:
        return
    raw = b"".join(writer.seal_stream([data])) + writer.end() if made_here else data
    try:
        out = b"".join(bytes(part) for piece in pieces(raw) for part in reader.receive_stream(piece))
    except RemoteProtocolError:
        assert not made_here
        out = None
    try:
        whole = b"".join(map(bytes, packets.receive(raw)))
    except RemoteProtocolError:
        assert out is None
        return
    assert out == whole
    if made_here:
        assert out == data
        assert reader.ended
