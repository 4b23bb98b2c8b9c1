from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xrgui.address import Destination, Network
from xrgui.engine.errors import AuthenticationError, EngineError, LocalProtocolError, RemoteProtocolError
from xrgui.engine.wire.socks import (
    Bound,
    ClientHandshake,
    Command,
    Handshake,
    Reply,
    Request,
    ServerHandshake,
    decode_packet,
    encode_packet,
)

ACCOUNTS = {"me": "secret"}


def target(host: str = "example.com", port: int = 443) -> Destination:
    return Destination(Network.TCP, host, port)


def feed(handshake: Handshake[Any], *pieces: bytes) -> bytes:
    """What the handshake answers to *pieces*."""
    for piece in pieces:
        handshake.receive_data(piece)
    return handshake.data_to_send()


def run(client: ClientHandshake, server: ServerHandshake, bound: tuple[str, int] = ("0.0.0.0", 0)) -> Request:
    while server.result is None:
        server.receive_data(client.data_to_send())
        client.receive_data(server.data_to_send())
    client.receive_data(server.result.reply(Reply.SUCCESS, *bound))
    return server.result


@pytest.mark.parametrize("host", ["example.com", "192.0.2.1", "2001:db8::1"])
def test_both_sides_of_version_5(host: str) -> None:
    client, server = ClientHandshake(Command.CONNECT, target(host)), ServerHandshake({})
    assert run(client, server) == Request(5, Command.CONNECT, host, 443)
    assert client.result == Bound("0.0.0.0", 0)
    assert (client.rest, server.rest) == (b"", b"")


def test_a_password() -> None:
    client = ClientHandshake(Command.CONNECT, target(), "me", "secret")
    assert run(client, ServerHandshake(ACCOUNTS)).user == "me"


def test_the_bytes_of_version_5() -> None:
    server = ServerHandshake({})
    assert feed(server, b"\x05\x02\x02\x00") == b"\x05\x00"
    assert feed(server, b"\x05\x01\x00\x03\x0bexample.com\x01\xbbpayload") == b""
    assert server.result == Request(5, Command.CONNECT, "example.com", 443)
    assert server.rest == b"payload"
    assert server.result.reply(Reply.REFUSED) == bytes.fromhex("05050001 00000000 0000")
    assert server.result.reply(Reply.SUCCESS, "::1", 80)[:4] == b"\x05\x00\x00\x04"


@pytest.mark.parametrize(
    ("request_bytes", "host"),
    [
        (b"\x04\x01\x00\x50\xc0\x00\x02\x01me\x00", "192.0.2.1"),
        (b"\x04\x01\x00\x50\x00\x00\x00\x01\x00example.com\x00", "example.com"),
        (b"\x04\x01\x00\x50\x00\x00\x00\x01\x00192.0.2.7\x00", "192.0.2.7"),
        (b"\x04\x01\x00\x50\x00\x00\x00\x00\x00", "0.0.0.0"),
    ],
)
def test_version_4(request_bytes: bytes, host: str) -> None:
    server = ServerHandshake({})
    assert feed(server, request_bytes + b"rest") == b""
    assert server.result == Request(4, Command.CONNECT, host, 80)
    assert server.rest == b"rest"
    assert server.result.reply(Reply.SUCCESS) == b"\x00\x5a" + bytes(6)
    assert server.result.reply(Reply.HOST_UNREACHABLE) == b"\x00\x5b" + bytes(6)


def refused(server: Handshake[Any], *pieces: bytes) -> bytes:
    with pytest.raises((RemoteProtocolError, AuthenticationError)):
        feed(server, *pieces)
    assert server.result is None
    return server.data_to_send()


def test_what_a_server_refuses() -> None:
    hello, request = b"\x05\x01\x00", b"\x01\xc0\x00\x02\x01\x00\x50"
    assert refused(ServerHandshake({}), b"\x05\x01\x02") == b"\x05\xff"
    assert refused(ServerHandshake(ACCOUNTS), hello) == b"\x05\xff"
    assert refused(ServerHandshake(ACCOUNTS), b"\x05\x01\x02", b"\x01\x02me\x05wrong") == b"\x05\x02\x01\xff"
    assert refused(ServerHandshake(ACCOUNTS), b"\x05\x01\x02", b"\x01\x02us\x06secret") == b"\x05\x02\x01\xff"
    assert refused(ServerHandshake({}), hello, b"\x05\x02\x00" + request)[2:4] == b"\x05\x07"
    assert refused(ServerHandshake({}), hello, b"\x05\x03\x00" + request)[2:4] == b"\x05\x07"
    assert refused(ServerHandshake({}), hello, b"\x05\x01\x00\x02") == b"\x05\x00"
    assert refused(ServerHandshake({}), hello, b"\x05\x01\x00\x03\x02a/\x00\x50") == b"\x05\x00"
    assert refused(ServerHandshake({}), b"\x04\x02" + request[5:] + request[1:5] + b"\0")[:2] == b"\x00\x5b"
    assert refused(ServerHandshake(ACCOUNTS), b"\x04\x01\x00\x50\x01\x02\x03\x04\x00")[:2] == b"\x00\x5b"
    assert refused(ServerHandshake({}), b"\x04\x01\x00\x50\x01\x02\x03\x04" + b"x" * 256) == b""
    assert refused(ServerHandshake({}), b"GET / HTTP/1.1\r\n") == b""


def test_udp_is_served_where_it_is_switched_on() -> None:
    server = ServerHandshake({}, udp=True)
    feed(server, b"\x05\x01\x00\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00")
    assert server.result == Request(5, Command.UDP, "0.0.0.0", 0)


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ([b"\x04\x00"], "does not speak SOCKS 5"),
        ([b"\x05\xff"], "accepts no password"),
        ([b"\x05\x00"], "accepts no password"),
        ([b"\x05\x02\x01\x01"], "does not accept the user or password"),
        ([b"\x05\x02\x01\x00", b"\x05\x05\x00\x01"], "the connection was refused"),
        ([b"\x05\x02\x01\x00", b"\x05\x63\x00\x01"], "error 99"),
        ([b"\x05\x02\x01\x00", b"\x05\x00\x00\x09"], "no address of type 9"),
    ],
)
def test_what_a_client_is_told(answers: list[bytes], text: str) -> None:
    client = ClientHandshake(Command.CONNECT, target(), "me", "secret")
    with pytest.raises(EngineError, match=text):
        feed(client, *answers)


def test_a_client_without_a_password_says_that_one_is_asked_for() -> None:
    with pytest.raises(AuthenticationError, match="asks for a password"):
        feed(ClientHandshake(Command.CONNECT, target()), b"\x05\x02")


@pytest.mark.parametrize("host", ["", "a b", "x" * 256, "/run/x"])
def test_a_client_cannot_ask_for_what_is_no_host(host: str) -> None:
    with pytest.raises(LocalProtocolError):
        ClientHandshake(Command.CONNECT, target(host))


def test_a_password_that_is_too_long() -> None:
    with pytest.raises(LocalProtocolError, match="1 to 255 bytes"):
        ClientHandshake(Command.CONNECT, target(), "me", "x" * 256)


hosts = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).filter(lambda ip: ip.ipv4_mapped is None).map(str),  # type: ignore[union-attr]
    st.from_regex(r"[a-z]([a-z0-9-]{0,20}\.)?[a-z]{2,9}", fullmatch=True),
)


@given(hosts, st.integers(0, 65535), st.binary(max_size=50))
def test_packets_come_back_as_they_went(host: str, port: int, data: bytes) -> None:
    packet = encode_packet(host, port, data)
    assert decode_packet(packet) == (host, port, data)


@pytest.mark.parametrize(
    "packet", [b"", b"\0\0\x01\x01", b"\0\0\0\x01\x01", b"\0\0\0\x03\x05ab", b"\0\0\0\x07abc"]
)
def test_bad_packets(packet: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_packet(packet)


@given(st.binary(max_size=60))
def test_garbage_raises_only_our_errors(data: bytes) -> None:
    starts = [
        b"",
        b"\x04\x01",
        b"\x05\x01\x00",
        b"\x05\x01\x00\x05\x01\x00",
        b"\x05\x01\x02\x01\x02me\x06secret",
    ]
    for start in starts:
        for accounts in ({}, ACCOUNTS):
            try:
                ServerHandshake(accounts, udp=True).receive_data(start + data)
                ClientHandshake(Command.CONNECT, target()).receive_data(start + data)
                decode_packet(data)
            except EngineError:
                pass


STREAMS = [
    b"\x05\x01\x00\x05\x01\x00\x03\x0bexample.com\x01\xbbrest",
    b"\x05\x01\x02\x01\x02me\x06secret\x05\x03\x00\x04" + bytes(18) + b"rest",
    b"\x04\x01\x00\x50\x00\x00\x00\x01me\x00example.com\x00rest",
]


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 60), max_size=8))
def test_any_split_gives_the_same(stream: bytes, cuts: list[int]) -> None:
    accounts = ACCOUNTS if b"secret" in stream else {}
    whole, split = ServerHandshake(accounts, udp=True), ServerHandshake(accounts, udp=True)
    answer = feed(whole, stream)
    borders = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[first:last] for first, last in pairwise(borders)]
    assert feed(split, *pieces) == answer
    assert split.result == whole.result is not None
    assert split.rest == whole.rest == b"rest"
