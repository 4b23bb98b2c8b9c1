from __future__ import annotations

import os

import pytest

from tests.engine.fake import FakeTransport, Upper
from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.vmess_stream import VmessStream
from xrgui.engine.wire import vmess
from xrgui.engine.wire.vmess import Command, Security
from xrgui.engine.wire.vmess_body import CHUNK, PIECE, BodyReader, BodyWriter

REQUEST = vmess.new_request(Security.AES_128_GCM, Command.TCP, "a.test", 80, os.urandom)


class Client:
    """A client's stream, and the server's codecs to talk to it."""

    def __init__(self, *, half_close: bool = True, keep: bool = True) -> None:
        self.lower, self.upper = FakeTransport(half_close=half_close), Upper(keep=keep)
        reader, writer = BodyReader(REQUEST, False), BodyWriter(REQUEST, True, os.urandom)
        self.stream = VmessStream(reader, writer, self.upper)
        self.stream.connection_made(self.lower)
        self.reader = BodyReader(REQUEST, True)
        self.writer = BodyWriter(REQUEST, False, os.urandom)

    def sent(self) -> bytes:
        """What the server reads of what the client wrote since the last time."""
        return b"".join(self.reader.receive_stream(self.lower.take()))


def test_bytes_both_ways() -> None:
    client = Client()
    data = os.urandom(5 * PIECE)
    client.upper.transport.write(data)
    assert client.sent() == data
    for sealed in client.writer.seal_stream([data]):
        client.stream.data_received(bytes(sealed))
    assert client.upper.received == data


def test_the_head_of_a_frame_makes_no_chunk_of_its_own() -> None:
    client = Client()
    client.stream.writelines([b"head", bytes(4 * CHUNK), b"head", b"small"])
    raw = client.lower.take()
    chunks = [len(packet) for packet in BodyReader(REQUEST, True).receive(raw)]
    assert chunks == [CHUNK] * 4 + [13]


def test_nothing_written_is_no_chunk() -> None:
    client = Client()
    client.stream.write(b"")
    client.stream.writelines([])
    assert client.lower.written == b""


@pytest.mark.parametrize("half_close", [True, False])
def test_half_close_over_any_transport(half_close: bool) -> None:
    client = Client(half_close=half_close)
    assert client.stream.can_write_eof()
    client.stream.write(b"last")
    client.stream.write_eof()
    assert client.sent() == b"last"
    assert client.reader.ended
    assert client.lower.calls == (["write_eof"] if half_close else [])
    client.stream.data_received(bytes(client.writer.seal(b"answer")) + client.writer.end())
    assert client.upper.received == b"answer"
    assert client.upper.events == ["made", "eof"]
    assert not client.stream.is_closing()


def test_the_end_is_sent_once() -> None:
    client = Client()
    client.stream.write(b"x")
    client.stream.write_eof()
    client.stream.close()
    client.stream.close()
    client.sent()
    assert client.reader.ended
    assert client.reader.complete
    assert client.lower.calls == ["write_eof", "close"]


def test_closing_says_so_to_the_peer() -> None:
    client = Client()
    client.stream.close()
    client.sent()
    assert client.reader.ended
    assert client.lower.calls == ["close"]


def test_the_peers_end_closes_it_unless_the_upper_protocol_goes_on() -> None:
    client = Client(keep=False)
    client.stream.data_received(client.writer.end())
    assert client.lower.calls == ["close"]


@pytest.mark.parametrize(("half_close", "stays"), [(True, True), (False, False)])
def test_an_end_below_after_the_peers_end_is_not_told_twice(half_close: bool, stays: bool) -> None:
    client = Client(half_close=half_close)
    client.stream.data_received(client.writer.end())
    assert bool(client.stream.eof_received()) is stays
    assert client.upper.events == ["made", "eof"]


def test_an_end_below_between_chunks_is_an_end() -> None:
    client = Client()
    client.stream.data_received(bytes(client.writer.seal(b"x")))
    assert client.stream.eof_received()
    assert client.upper.events == ["made", "eof"]


def test_an_end_below_inside_a_chunk_is_an_error() -> None:
    client = Client()
    client.stream.data_received(bytes(client.writer.seal(b"x"))[:-1])
    assert not client.stream.eof_received()
    client.stream.connection_lost(None)
    assert isinstance(client.upper.error, RemoteProtocolError)


def test_garbage_ends_it_with_the_reason() -> None:
    client = Client()
    client.stream.data_received(os.urandom(70000))
    assert client.lower.calls == ["abort"]
    client.stream.connection_lost(None)
    assert isinstance(client.upper.error, RemoteProtocolError)
    assert client.upper.events == ["made", "lost"]
