from __future__ import annotations

import os

import pytest

from tests.engine.fake import FakeTransport, Upper
from xrgui.address import Destination, Network
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.packet_stream import PacketStream
from xrgui.engine.wire import vless, vmess
from xrgui.engine.wire.vmess import Command, Security
from xrgui.engine.wire.vmess_body import BodyReader, BodyWriter

HERE = Destination(Network.UDP, "dns.test", 53)
REQUEST = vmess.new_request(Security.AES_128_GCM, Command.UDP, "dns.test", 53, os.urandom)


def over_vless(target: Destination | None = None) -> tuple[FakeTransport, PacketStream, Upper]:
    lower, upper = FakeTransport(), Upper()
    stream = PacketStream(vless.PacketReader(), vless.PacketWriter(), upper, target)
    stream.connection_made(lower)
    return lower, stream, upper


def test_packets_over_vless() -> None:
    lower, stream, upper = over_vless()
    assert upper.transport is stream
    stream.sendto(b"ask")
    assert lower.take() == b"\0\3ask"
    stream.data_received(b"\0\1a\0\2b")
    stream.data_received(b"c\0")
    assert upper.packets == [b"a", b"bc"]


def test_packets_over_vmess_until_the_empty_one() -> None:
    lower, upper = FakeTransport(), Upper()
    stream = PacketStream(BodyReader(REQUEST, False), BodyWriter(REQUEST, True, os.urandom), upper)
    stream.connection_made(lower)
    stream.sendto(b"ask")
    assert [bytes(p) for p in BodyReader(REQUEST, True).receive(lower.take())] == [b"ask"]
    server = BodyWriter(REQUEST, False, os.urandom)
    stream.data_received(bytes(server.seal(b"one")) + bytes(server.seal(b"two")) + server.end())
    assert upper.packets == [b"one", b"two"]
    assert lower.calls == ["close"]


def test_what_cannot_leave_is_dropped() -> None:
    lower, stream, _ = over_vless(HERE)
    stream.sendto(b"")
    stream.sendto(bytes(8191))
    stream.sendto(b"x", Destination(Network.UDP, "other.test", 53))
    stream.pause_writing()
    stream.sendto(b"x")
    assert lower.written == b""
    stream.resume_writing()
    stream.sendto(b"y", HERE)
    assert lower.take() == b"\0\1y"
    stream.close()
    stream.sendto(b"z")
    assert lower.written == b""


def test_garbage_ends_it_with_the_reason() -> None:
    lower, upper = FakeTransport(), Upper()
    stream = PacketStream(BodyReader(REQUEST, False), BodyWriter(REQUEST, True, os.urandom), upper)
    stream.connection_made(lower)
    stream.data_received(os.urandom(70000))
    assert lower.calls == ["abort"]
    stream.connection_lost(None)
    assert isinstance(upper.error, RemoteProtocolError)


@pytest.mark.parametrize("refused", [False, True])
def test_accept_hands_on_what_came_with_the_handshake(refused: bool) -> None:
    lower, upper = FakeTransport(), Upper()
    stream = PacketStream(vless.PacketReader(), vless.PacketWriter())

    def route(packets: object) -> Upper:
        assert packets is stream
        if refused:
            stream.close()
        return upper

    stream.accept(lower, route, b"\0\1a")
    assert lower.protocol is stream
    assert upper.packets == ([] if refused else [b"a"])
    stream.connection_lost(None)
    assert upper.events == ["lost"]
