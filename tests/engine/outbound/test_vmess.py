from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast
from uuid import UUID

import pytest

from tests.engine.outbound.dialing import PlainDialer
from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.errors import LocalProtocolError, RemoteProtocolError, UnansweredError
from xrgui.engine.outbound.vmess import VmessOutbound, pick_security
from xrgui.engine.session import Session
from xrgui.engine.wire import vmess
from xrgui.engine.wire.vmess import Command, Security
from xrgui.engine.wire.vmess_body import BodyReader, BodyWriter

USER = UUID("b831381d-6324-4d53-ad4f-8cda48b30811")
SECURITIES = ["auto", "aes-128-gcm", "chacha20-poly1305", "none"]


class Server:
    """Reads a request, answers it by *answer* and then echoes each chunk until the end."""

    def __init__(self) -> None:
        self.requests: list[vmess.Request] = []
        self.ended = asyncio.Event()
        self.answer: Callable[[vmess.Request], bytes] | None = vmess.seal_response

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opener = vmess.RequestReader([(vmess.Account(USER), None)], vmess.ReplayFilter())
        head = b""
        while (opened := opener.receive(head, time.time())) is None:
            head += await reader.readexactly(1)
        request = opened[0]
        self.requests.append(request)
        if self.answer is None:
            return
        writer.write(self.answer(request))
        chunks, out = BodyReader(request, True), BodyWriter(request, False, os.urandom)
        while not chunks.ended and (data := await reader.read(65536)):
            for packet in chunks.receive(data):
                writer.write(out.seal(packet))
        if chunks.ended:
            self.ended.set()
            writer.write(bytes(out.seal(b"bye")) + out.end())


@pytest.fixture
def server() -> Server:
    return Server()


Make = Callable[[str], Awaitable[VmessOutbound]]


@pytest.fixture
async def make(server: Server, serve: Any) -> AsyncIterator[Make]:
    made: list[VmessOutbound] = []

    async def make(security: str) -> VmessOutbound:
        port = await serve(server.serve)
        settings = model.VmessOutbound(address="127.0.0.1", port=port, id=USER, security=cast(Any, security))
        made.append(VmessOutbound(model.Outbound(tag="out", settings=settings), PlainDialer()))
        return made[-1]

    yield make
    for outbound in made:
        await outbound.close()


def to(host: str, port: int, network: Network = Network.TCP) -> Session:
    return Session("in", "tunnel", Destination(network, host, port))


@pytest.mark.parametrize("security", SECURITIES)
async def test_a_stream_until_both_ends_are_done(make: Make, server: Server, stream: Any, security: str) -> None:
    (await make(security)).connect(to("page.test", 80), stream)
    await asyncio.wait_for(stream.made.wait(), 5)
    data = os.urandom(300_000)
    stream.transport.write(data)
    assert await stream.read(len(data)) == data
    stream.transport.write_eof()
    await asyncio.wait_for(server.ended.wait(), 5)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert stream.received == b"bye"
    assert stream.error is None
    (request,) = server.requests
    assert (request.command, request.host, request.port) == (Command.TCP, "page.test", 80)


@pytest.mark.parametrize("security", SECURITIES)
async def test_packets(make: Make, server: Server, packets: Any, security: str) -> None:
    (await make(security)).connect(to("192.0.2.7", 53, Network.UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    for packet in (b"one", b"two"):
        packets.transport.sendto(packet)
        assert await packets.read() == (packet, None)
    assert server.requests[0].command is Command.UDP
    packets.transport.close()
    await asyncio.wait_for(packets.lost.wait(), 5)


async def test_mux(make: Make, server: Server, stream: Any) -> None:
    (await make("auto")).connect_mux(stream)
    await asyncio.wait_for(stream.made.wait(), 5)
    stream.transport.write(b"frames")
    assert await stream.read(6) == b"frames"
    assert (server.requests[0].command, server.requests[0].host) == (Command.MUX, "")
    stream.transport.close()


async def test_a_server_that_hangs_up_is_explained(make: Make, server: Server, stream: Any) -> None:
    server.answer = None
    (await make("auto")).connect(to("page.test", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, UnansweredError)
    assert "does not know this id" in str(stream.error)
    assert "clock" in str(stream.error)


@pytest.mark.parametrize("answer", [bytes(38), b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(20)])
async def test_an_answer_that_is_none(make: Make, server: Server, stream: Any, answer: bytes) -> None:
    server.answer = lambda request: answer
    (await make("auto")).connect(to("page.test", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, RemoteProtocolError)


async def test_a_target_that_cannot_be_sent(make: Make, stream: Any) -> None:
    assert (await make("auto")).connect(to("a b", 80), stream) is None
    assert stream.events == ["lost"]
    assert isinstance(stream.error, LocalProtocolError)


@pytest.mark.parametrize(
    ("name", "machine", "security"),
    [
        ("auto", "x86_64", Security.AES_128_GCM),
        ("auto", "AMD64", Security.AES_128_GCM),
        ("auto", "arm64", Security.AES_128_GCM),
        ("auto", "riscv64", Security.CHACHA20_POLY1305),
        ("aes-128-gcm", "riscv64", Security.AES_128_GCM),
        ("chacha20-poly1305", "x86_64", Security.CHACHA20_POLY1305),
        ("none", "x86_64", Security.NONE),
    ],
)
def test_auto_takes_what_the_processor_is_quick_at(name: str, machine: str, security: Security) -> None:
    assert pick_security(name, machine) is security
