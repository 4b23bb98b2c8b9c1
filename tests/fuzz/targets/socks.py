"""SOCKS 4 and 5, both sides, and packets."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.support import pieces
from xrgui.address import Destination, Network
from xrgui.engine.errors import AuthenticationError, LocalProtocolError, RemoteProtocolError
from xrgui.engine.wire import socks


def seeds() -> Iterator[bytes]:
    yield b"\0\5\1\0\5\1\0\1\x7f\0\0\1\0\x50rest"
    yield b"\0\5\1\0\5\3\0\3\x0bexample.com\0\x50"
    yield b"\1\5\2\0\2\1\1u\1p\5\1\0\4" + bytes(16) + b"\0\x50"
    yield b"\0\4\1\0\x50\x7f\0\0\1user\0"
    yield b"\0\4\1\0\x50\0\0\0\1user\0example.com\0"
    yield b"\2\5\0\5\0\0\1\x7f\0\0\1\0\x50rest"
    yield b"\2\5\2\1\0\5\0\0\3\x0bexample.com\0\x50"
    yield b"\3" + socks.encode_packet("example.com", 53, b"question")


def check(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    if kind == b"\3":
        packet(rest)
    elif kind == b"\2":
        target = Destination(Network.TCP, "example.com", 80)
        same(lambda: socks.ClientHandshake(socks.Command.CONNECT, target, "u", "p"), rest)
    else:
        accounts = {"u": "p"} if kind == b"\1" else {}
        same(lambda: socks.ServerHandshake(accounts, udp=True), rest)


def same(make: object, data: bytes) -> None:
    assert outcome(make, [data]) == outcome(make, list(pieces(data)))


def outcome(make: object, parts: list[bytes]) -> object:
    handshake = make()  # type: ignore[operator]
    sent = handshake.data_to_send()
    over = b""
    for part in parts:
        if handshake.result is not None:
            over += part
            continue
        try:
            handshake.receive_data(part)
        except (AuthenticationError, RemoteProtocolError) as error:
            return str(error)
        sent += handshake.data_to_send()
    return handshake.result, sent, handshake.rest + over


def packet(data: bytes) -> None:
    try:
        host, port, payload = socks.decode_packet(data)
    except RemoteProtocolError:
        return
    try:
        again = socks.encode_packet(host, port, payload)
    except LocalProtocolError:
        raise AssertionError(f"{host!r} was read but cannot be sent on") from None
    assert socks.decode_packet(again) == (host, port, payload)
