"""Visitors who stop reading, and a server that never stops sending."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from tests.engine.pair import LOOPBACK, Pair, until


@asynccontextmanager
async def flood() -> AsyncIterator[int]:
    """A server that sends without end."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class Sleeper(asyncio.Protocol):
    """A visitor who stops reading after the first bytes."""

    def __init__(self) -> None:
        self.lost = False
        self.begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.begun = True
        self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


async def sleepers(tunnel: Pair, count: int) -> list[Sleeper]:
    loop = asyncio.get_running_loop()
    found = [(await loop.create_connection(Sleeper, LOOPBACK, tunnel.port))[1] for _ in range(count)]
    await until(lambda: all(one.begun for one in found))
    return found
