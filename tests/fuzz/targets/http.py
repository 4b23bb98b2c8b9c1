"""HTTP proxies, both sides: requests, bodies, answers."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.support import pieces
from xrgui.engine.errors import AuthenticationError, RemoteProtocolError
from xrgui.engine.wire import http


def seeds() -> Iterator[bytes]:
    yield b"\0GET http://Example.com:8080/a?b=1 HTTP/1.1\r\nHost: other\r\nConnection: x\r\nX: 1\r\n\r\n"
    yield b"\0CONNECT [2001:db8::1]:443 HTTP/1.1\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
    yield b"\0POST http://a/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\nmore"
    yield b"\0POST http://a/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nhellomore"
    yield b"\0GET /x HTTP/1.1\r\nHost: a.b:81\r\n\r\n"
    yield b"\1HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nbody"
    yield b"\1HTTP/1.1 101 Switching\r\n\r\nany"
    yield b"\2HTTP/1.1 200 Connection established\r\n\r\nrest"
    yield b"\2HTTP/1.0 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n"
    yield b"\2HTTP/1.1 103 \r\n\r\nHTTP/1.1 502\r\n\r\n"


def check(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    if kind == b"\1":
        assert answer([rest]) == answer(list(pieces(rest)))
    elif kind == b"\2":
        assert connect([rest]) == connect(list(pieces(rest)))
    else:
        request(rest)


def request(data: bytes) -> None:
    try:
        found = http.read_request(data, True)
        if found is None:
            return
        found.credentials()
        found.attributes()
        if not found.connects:
            again = http.read_head(found.for_origin())
            assert again is not None
            assert again.size == len(found.for_origin())
            assert again.get("connection").endswith("close")
        http.RequestBody(found.head)
    except RemoteProtocolError:
        return
    after = data[found.head.size :]
    assert body(found.head, [after]) == body(found.head, list(pieces(after)))


def body(head: http.Head, parts: list[bytes]) -> object:
    reader, out = http.RequestBody(head), b""
    try:
        for part in parts:
            out += reader.take(part)
    except RemoteProtocolError as error:
        return type(error)
    return out, reader.ended


def answer(parts: list[bytes]) -> bytes:
    head = http.ResponseHead()
    return b"".join([head.receive(part) for part in parts]) + head.flush()


def connect(parts: list[bytes]) -> object:
    handshake, over = http.ConnectHandshake("a.b", 1), b""
    for part in parts:
        if handshake.result is not None:
            over += part
            continue
        try:
            handshake.receive_data(part)
        except (AuthenticationError, RemoteProtocolError) as error:
            return type(error)
    return handshake.result, handshake.rest + over
