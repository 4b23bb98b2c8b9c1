"""Servers to reach: TCP ones, one that sends back what it gets, and UDP ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Starts TCP servers; gives their ports."""
    servers = []

    async def start(handler: Handler, host: str = "127.0.0.1", port: int = 0) -> int:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(handle, host, port)
        servers.append(server)
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.write_eof()


@pytest.fixture
async def echo_port(serve: Callable[..., Awaitable[int]]) -> int:
    return await serve(echo)


class UdpEcho(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(f"{addr[1]} ".encode() + data, addr)


@pytest.fixture
async def udp_echo() -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Starts UDP servers that send packets back with the port they came from in front."""
    transports = []

    async def start(host: str = "127.0.0.1", port: int = 0) -> int:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(UdpEcho, local_addr=(host, port))
        transports.append(transport)
        bound: int = transport.get_extra_info("sockname")[1]
        return bound

    yield start
    for transport in transports:
        transport.close()
