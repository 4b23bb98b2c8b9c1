"""VLESS headers and packets: only RemoteProtocolError; a shorter beginning never gives another answer."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from tests.fuzz.support import captured, pieces
from xrgui.engine.errors import EngineError, RemoteProtocolError
from xrgui.engine.wire import vless


def seeds() -> Iterator[bytes]:
    yield from captured("c2s_hex", "s2c_hex", "c2s", "s2c")
    user = UUID(int=7)
    for command in vless.Command:
        yield vless.encode_request(user, command, "example.com", 443)
    yield b"\0" + user.bytes + b"\x12\x0a\x10xtls-rprx-vision\x01\x01\xbb\x01\x7f\0\0\1"


def check(data: bytes) -> None:
    for decode in (vless.decode_request, vless.decode_response):
        found = early(decode, data)
        if found is not None:
            assert early(decode, data + b"more") == found
    try:
        request = vless.decode_request(data)
    except RemoteProtocolError:
        request = None
    if request is not None and request[0].command in (vless.Command.TCP, vless.Command.UDP):
        first = request[0]
        try:
            again = vless.encode_request(first.user, first.command, first.host, first.port)
        except EngineError:
            raise AssertionError(f"{first.host!r} was read but cannot be sent on") from None
        assert vless.decode_request(again) == (first._replace(flow=""), len(again))
    whole = vless.PacketReader().receive(data)
    reader = vless.PacketReader()
    assert [packet for piece in pieces(data) for packet in reader.receive(piece)] == whole


def early(decode: object, data: bytes) -> object:
    try:
        return decode(data)  # type: ignore[operator]
    except RemoteProtocolError as error:
        return str(error)
