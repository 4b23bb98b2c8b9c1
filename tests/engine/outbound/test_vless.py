from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from tests.engine.outbound.dialing import PlainDialer
from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.engine.errors import DialError, LocalProtocolError, UnansweredError
from xrgui.engine.outbound.vless import VlessOutbound
from xrgui.engine.session import Session
from xrgui.engine.wire import vless
from xrgui.engine.wire.vless import Command

USER = UUID("b831381d-6324-4d53-ad4f-8cda48b30811")


class Server:
    """Reads a request, then does what *then* says."""

    def __init__(self) -> None:
        self.requests: list[vless.Request] = []
        self.then: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b""
        while (decoded := vless.decode_request(head)) is None:
            head += await reader.readexactly(1)
        self.requests.append(decoded[0])
        await self.then(reader, writer)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The header one byte at a time, then an echo."""
    for byte in vless.RESPONSE:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0)
    while data := await reader.read(65536):
        writer.write(data)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    pass


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def outbound(server: Server, serve: Any) -> AsyncIterator[VlessOutbound]:
    made = make(await serve(server.serve))
    yield made
    await made.close()


def make(port: int) -> VlessOutbound:
    settings = model.VlessOutbound(address="127.0.0.1", port=port, id=USER)
    return VlessOutbound(model.Outbound(tag="out", settings=settings), PlainDialer())


def to(host: str, port: int, network: Network = Network.TCP) -> Session:
    return Session("in", "tunnel", Destination(network, host, port))


async def test_a_stream(outbound: VlessOutbound, server: Server, stream: Any) -> None:
    outbound.connect(to("page.test", 80), stream)
    await asyncio.wait_for(stream.made.wait(), 5)
    stream.transport.write(b"hello")
    assert await stream.read(5) == b"hello"
    stream.transport.write(b"again")
    assert await stream.read(5) == b"again"
    assert server.requests == [vless.Request(USER, Command.TCP, "page.test", 80, "")]
    stream.transport.close()
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert stream.events == ["made", "lost"]
    assert stream.error is None


async def test_packets(outbound: VlessOutbound, server: Server, packets: Any) -> None:
    outbound.connect(to("192.0.2.7", 53, Network.UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    packets.transport.sendto(b"one")
    assert await packets.read() == (b"one", None)
    assert server.requests == [vless.Request(USER, Command.UDP, "192.0.2.7", 53, "")]
    packets.transport.close()
    await asyncio.wait_for(packets.lost.wait(), 5)


@pytest.mark.parametrize(("method", "command"), [("connect_mux", 3), ("connect_link", 4)])
async def test_links(outbound: VlessOutbound, server: Server, stream: Any, method: str, command: int) -> None:
    getattr(outbound, method)(stream)
    await asyncio.wait_for(stream.made.wait(), 5)
    stream.transport.write(b"frames")
    assert await stream.read(6) == b"frames"
    assert server.requests == [vless.Request(USER, Command(command), "", 0, "")]
    stream.transport.close()


@pytest.mark.parametrize(
    ("method", "words"),
    [("connect_mux", "does not know this id"), ("connect_link", "no reverse tag there")],
)
async def test_a_server_that_hangs_up_is_explained(
    outbound: VlessOutbound, server: Server, stream: Any, method: str, words: str
) -> None:
    server.then = hang_up
    getattr(outbound, method)(stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, UnansweredError)
    assert "closed the link right after the request" in str(stream.error)
    assert words in str(stream.error)
    assert USER.hex[:8] not in str(stream.error)


async def test_nobody_there(stream: Any, free_port: Callable[[], int]) -> None:
    port = free_port()
    outbound = make(port)
    outbound.connect(to("page.test", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert stream.events == ["lost"]
    assert isinstance(stream.error, DialError)
    assert str(stream.error).startswith(f"127.0.0.1:{port}: ")


async def test_a_target_that_cannot_be_sent(outbound: VlessOutbound, stream: Any) -> None:
    assert outbound.connect(to("a b", 80), stream) is None
    assert stream.events == ["lost"]
    assert isinstance(stream.error, LocalProtocolError)


async def test_a_cancelled_dial_says_nothing(outbound: VlessOutbound, stream: Any) -> None:
    task: Any = outbound.connect(to("page.test", 80), stream)
    task.cancel()
    await asyncio.wait([task])
    assert stream.events == []


async def test_closing_ends_streams(outbound: VlessOutbound, stream: Any) -> None:
    outbound.connect(to("page.test", 80), stream)
    await asyncio.wait_for(stream.made.wait(), 5)
    stream.transport.write(b"hello")
    await stream.read(5)
    await outbound.close()
    await asyncio.wait_for(stream.lost.wait(), 5)
