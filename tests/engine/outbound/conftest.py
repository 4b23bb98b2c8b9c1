"""A visitor's side of an outbound: protocols that record, and servers to reach."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from xrgui.address import Destination, Network
from xrgui.engine.session import Session


class Stream(asyncio.Protocol):
    """Records what an outbound gives it."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.received = bytearray()
        self.events: list[str] = []
        self.error: BaseException | None = None
        self.made = asyncio.Event()
        self.changed = asyncio.Event()
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.events.append("made")
        self.made.set()

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.error = exc
        self.events.append("lost")
        self.lost.set()

    async def read(self, size: int) -> bytes:
        while len(self.received) < size:
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 5)
        data = bytes(self.received[:size])
        del self.received[:size]
        return data


class Packets(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.transport: Any = None
        self.received: asyncio.Queue[tuple[bytes, Any]] = asyncio.Queue()
        self.error: BaseException | None = None
        self.made = asyncio.Event()
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.made.set()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.put_nowait((bytes(data), addr))

    def connection_lost(self, exc: Exception | None) -> None:
        self.error = exc
        self.lost.set()

    async def read(self) -> tuple[bytes, Any]:
        return await asyncio.wait_for(self.received.get(), 5)


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def packets() -> Packets:
    return Packets()


@pytest.fixture
def session() -> Callable[..., Session]:
    def make(
        host: str, port: int, network: Network = Network.TCP, *, inbound: str = "tunnel", source: str = ""
    ) -> Session:
        origin = Destination(Network.TCP, source, 1234) if source else None
        return Session("in", inbound, Destination(network, host, port), source=origin)

    return make


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Serve], Awaitable[int]]]:
    """Starts TCP servers on 127.0.0.1; gives their ports."""
    servers = []

    async def start(handler: Serve, host: str = "127.0.0.1") -> int:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(handle, host, 0)
        servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


@pytest.fixture
async def echo_port(serve: Callable[[Serve], Awaitable[int]]) -> int:
    return await serve(echo)


class UdpEcho(asyncio.DatagramProtocol):
    """Answers each packet with the same, and the address it came from in front."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(f"{addr[1]} ".encode() + data, addr)


@pytest.fixture
async def udp_echo() -> AsyncIterator[Callable[[], Awaitable[int]]]:
    transports = []

    async def start(host: str = "127.0.0.1") -> int:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(UdpEcho, local_addr=(host, 0))
        transports.append(transport)
        port: int = transport.get_extra_info("sockname")[1]
        return port

    yield start
    for transport in transports:
        transport.close()
