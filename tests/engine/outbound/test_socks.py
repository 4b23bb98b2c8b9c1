from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.outbound.dialing import PlainDialer
from xrgui.address import Destination, Network
from xrgui.config.model import Account, Outbound, SocksOutbound
from xrgui.engine import proxy_client
from xrgui.engine.errors import AuthenticationError, DialError, LocalProtocolError, RemoteProtocolError
from xrgui.engine.outbound.socks import SocksOutbound as Socks
from xrgui.engine.session import Session
from xrgui.engine.wire.socks import (
    Command,
    Reply,
    Request,
    ServerHandshake,
    decode_packet,
    encode_packet,
)

MakeSession = Callable[..., Session]
UDP = Network.UDP


def socks(port: int, account: Account | None = None) -> Socks:
    settings = SocksOutbound(address="127.0.0.1", port=port, account=account)
    return Socks(Outbound(settings=settings, tag="proxy"), PlainDialer())


class Server:
    """A SOCKS server that answers as told; `relay` is where it says that packets go."""

    def __init__(self, code: Reply = Reply.SUCCESS, relay: tuple[str, int] = ("0.0.0.0", 0)) -> None:
        self.code = code
        self.relay = relay
        self.accounts: dict[str, str] = {}
        self.requests: list[Request] = []
        self.ended = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handshake = ServerHandshake(self.accounts, udp=True)
        try:
            while handshake.result is None:
                data = await reader.read(1000)
                if not data:
                    return
                try:
                    handshake.receive_data(data)
                finally:
                    writer.write(handshake.data_to_send())
        except AuthenticationError:
            return
        request = handshake.result
        self.requests.append(request)
        writer.write(request.reply(self.code, *self.relay) + b"banner")
        while data := await reader.read(1000):
            writer.write(data)
        self.ended.set()


async def test_a_stream(stream: Any, session: MakeSession, serve: Any) -> None:
    server = Server()
    socks(await serve(server)).connect(session("example.com", 443), stream)
    assert await stream.read(6) == b"banner"
    stream.transport.write(b"hello")
    assert await stream.read(5) == b"hello"
    assert server.requests == [Request(5, Command.CONNECT, "example.com", 443)]
    stream.transport.close()
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert stream.events == ["made", "lost"]


async def test_a_password(stream: Any, session: MakeSession, serve: Any) -> None:
    server = Server()
    server.accounts = {"me": "pw"}
    port = await serve(server)
    socks(port, Account(user="me", password="pw")).connect(session("192.0.2.1", 80), stream)
    await asyncio.wait_for(stream.made.wait(), 5)
    assert server.requests[0].user == "me"
    stream.transport.close()
    for account in (Account(user="me", password="no"), None):
        refused = type(stream)()
        socks(port, account).connect(session("192.0.2.1", 80), refused)
        await asyncio.wait_for(refused.lost.wait(), 5)
        assert isinstance(refused.error, AuthenticationError)
        assert refused.events == ["lost"]


async def test_what_the_server_says_is_passed_on(stream: Any, session: MakeSession, serve: Any) -> None:
    socks(await serve(Server(Reply.NOT_ALLOWED))).connect(session("a.b", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, RemoteProtocolError)
    assert "rules do not allow it" in str(stream.error)


async def test_a_server_that_is_not_there(stream: Any, session: MakeSession, free_port: Any) -> None:
    port = free_port()
    socks(port).connect(session("a.b", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, DialError)
    assert stream.error.destination.port == port


async def test_a_server_that_hangs_up(stream: Any, session: MakeSession, serve: Any) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    socks(await serve(rude)).connect(session("a.b", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, DialError)
    assert stream.events == ["lost"]


async def test_a_host_that_cannot_be_asked_for(stream: Any, session: MakeSession) -> None:
    socks(9).connect(session("a b", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert isinstance(stream.error, LocalProtocolError)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_silent_server(
    stream: Any, session: MakeSession, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy_client, "HANDSHAKE_TIMEOUT", 0.05)
    socks(await serve(silent)).connect(session("a.b", 80), stream)
    await asyncio.wait_for(stream.lost.wait(), 5)
    assert "timed out" in str(stream.error)


@pytest.mark.parametrize("network", list(Network))
async def test_a_cancelled_dial_leaves_nothing(
    network: Network, stream: Any, session: MakeSession, serve: Any
) -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        arrived.set()
        try:
            await reader.read()
        finally:
            gone.set()

    pending = socks(await serve(watch)).connect(session("a.b", 80, network), stream)
    assert pending is not None
    await asyncio.wait_for(arrived.wait(), 5)
    pending.cancel()
    await asyncio.wait_for(gone.wait(), 5)
    assert stream.events == []


class Relay(asyncio.DatagramProtocol):
    """Where a SOCKS server takes packets: sends them back, and those to `elsewhere` from there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        host, port, payload = decode_packet(data)
        self.transport.sendto(b"junk", addr)
        self.transport.sendto(encode_packet(host, port, payload[::-1]), addr)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_packets(host: str, packets: Any, session: MakeSession, serve: Any) -> None:
    loop = asyncio.get_running_loop()
    relay, _ = await loop.create_datagram_endpoint(Relay, local_addr=("127.0.0.1", 0))
    server = Server(relay=(host, relay.get_extra_info("sockname")[1]))
    socks(await serve(server)).connect(session("example.com", 53, UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    assert server.requests == [Request(5, Command.UDP, "0.0.0.0", 0)]
    packets.transport.sendto(b"abc")
    assert await packets.read() == (b"cba", None)
    other = Destination(UDP, "192.0.2.1", 5)
    packets.transport.sendto(b"no", Destination(UDP, "a b", 5))
    packets.transport.sendto(b"def", other)
    assert await packets.read() == (b"fed", other)
    packets.transport.close()
    await asyncio.wait_for(packets.lost.wait(), 5)
    await asyncio.wait_for(server.ended.wait(), 5)
    relay.close()


async def test_packets_end_with_the_connection_that_asked_for_them(
    packets: Any, session: MakeSession, serve: Any
) -> None:
    go = asyncio.Event()

    async def short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        await reader.readexactly(10)
        writer.write(Request(5, Command.UDP, "", 0).reply(Reply.SUCCESS, "127.0.0.1", 9))
        await go.wait()

    socks(await serve(short)).connect(session("example.com", 53, UDP), packets)
    await asyncio.wait_for(packets.made.wait(), 5)
    go.set()
    await asyncio.wait_for(packets.lost.wait(), 5)
    packets.transport.sendto(b"late")
    assert packets.transport.is_closing()


async def test_packets_refused(packets: Any, session: MakeSession, serve: Any) -> None:
    socks(await serve(Server(Reply.NO_SUCH_COMMAND))).connect(session("example.com", 53, UDP), packets)
    await asyncio.wait_for(packets.lost.wait(), 5)
    assert isinstance(packets.error, RemoteProtocolError)
