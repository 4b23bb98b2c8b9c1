"""WebSocket heads, frames and early data."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.support import captured, pieces
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.wire import websocket


def seeds() -> Iterator[bytes]:
    for raw in captured("raw_hex"):
        head, end, frames = raw.partition(b"\r\n\r\n")
        if end and b"ebsocket" in head:
            yield b"\0" + head + end
            yield bytes((1 if head.startswith(b"GET") else 2,)) + frames
    yield b"\1\x82\x85abcdhello\x89\x80abcd\x88\x82abcd\1\2"
    yield b"\2\x82\x05hello\x89\x03abc\x82\x7e\x01\x00" + bytes(256) + b"\x82\x7f" + (65536).to_bytes(8) + b"x"
    yield b"\3aGVsbG8gd29ybGQ="


def check(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    if kind in (b"\1", b"\2"):
        masked = kind == b"\1"
        assert frames(masked, [rest]) == frames(masked, list(pieces(rest)))
    elif kind == b"\3":
        early = websocket.decode_early_data(rest.decode("latin-1"))
        assert len(early) <= len(rest)
    else:
        head(rest)


def head(data: bytes) -> None:
    try:
        found = websocket.split_head(data)
    except RemoteProtocolError:
        return
    if found is None:
        return
    websocket.check_request(found[0], "/link", "")
    websocket.check_request(found[0], "/link", "example.com")
    websocket.accept_key(found[0].headers.get("sec-websocket-key", ""))
    try:
        websocket.check_response(found[0], "key")
    except RemoteProtocolError:
        pass


def frames(masked: bool, parts: list[bytes]) -> object:
    decoder, out = websocket.FrameDecoder(masked=masked), b""
    try:
        for part in parts:
            out += b"".join(map(bytes, decoder.receive_data(part)))
    except RemoteProtocolError as error:
        return str(error)
    return out, decoder.control
