"""A visitor's side of an outbound: protocols that record, and servers to reach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
