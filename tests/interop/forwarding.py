"""What the tests of proxies share: something to reach, our dispatcher, and the way there by a program of the peers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

from tests.conftest import pick_port
from tests.interop import peers
from tests.interop.topologies import LOOPBACK, Json
from xrgui.config import model
from xrgui.engine.dispatcher import Dispatcher
from xrgui.engine.outbound.freedom import FreedomOutbound
from xrgui.engine.resolver import Resolver
from xrgui.engine.router import Router

PAGE = os.urandom(1 << 20)


class PageServer(asyncio.Protocol):
    """An HTTP page for GET, the length of the body for POST."""

    def __init__(self) -> None:
        self.seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.seen += data
        head, end, body = self.seen.partition(b"\r\n\r\n")
        wanted = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                wanted = int(line.split(b":")[1])
        if end and len(body) >= wanted:
            answer = body[::-1] if wanted else PAGE
            self.transport.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer))
            self.transport.write(answer)
            self.transport.close()


class Greeter(asyncio.Protocol):
    """Speaks first; says how much it got once the other side is done."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(b"welcome\n")
        self.size = 0

    def data_received(self, data: bytes) -> None:
        self.size += len(data)

    def eof_received(self) -> None:
        self.transport.write(b"%d\n" % self.size)


class Reverser(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(data[::-1], addr)


class Origin(NamedTuple):
    page: int
    greeter: int
    udp: int
    dead: int


@asynccontextmanager
async def origin() -> AsyncIterator[Origin]:
    loop = asyncio.get_running_loop()
    pages = await loop.create_server(PageServer, LOOPBACK, 0)
    greeter = await loop.create_server(Greeter, LOOPBACK, 0)
    udp, _ = await loop.create_datagram_endpoint(Reverser, (LOOPBACK, 0))
    try:
        yield Origin(
            pages.sockets[0].getsockname()[1],
            greeter.sockets[0].getsockname()[1],
            udp.get_extra_info("sockname")[1],
            pick_port(),
        )
    finally:
        pages.close()
        greeter.close()
        udp.close()


def direct() -> FreedomOutbound:
    settings = model.FreedomOutbound(final_rules=(model.FinalRule(action="allow"),))
    return FreedomOutbound(model.Outbound(tag="direct", settings=settings), Resolver(model.Dns()))


@asynccontextmanager
async def dispatcher(outbound: Any) -> AsyncIterator[Dispatcher]:
    made = Dispatcher(Router(model.Routing(), Resolver(model.Dns())))
    made.default = outbound
    try:
        yield made
    finally:
        made.close()
        await outbound.close()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def through_the_peer(
    peer: str,
    config: Callable[[int, dict[int, int]], Json],
    inbound: Callable[[Dispatcher], Any],
    directory: Path,
) -> AsyncIterator[list[int]]:
    """Ports through which the program *peer* leads visitors to our *inbound*, and so to the page, the greeter and the
    UDP server. *config* makes its configuration of our port, and of its own with what each leads to."""
    doors = [pick_port() for _ in range(3)]
    async with origin() as behind, dispatcher(direct()) as acceptor:
        ours = inbound(acceptor)
        await ours.start()
        port = int(ours.listening.rpartition(":")[2])
        client = peers.start(peer, config(port, dict(zip(doors, behind[:3], strict=True))), directory, "client")
        try:
            await asyncio.to_thread(client.wait_listening, doors[0])
            yield doors
        finally:
            await asyncio.to_thread(client.stop)
            await ours.close()


# What visitors do


async def curl(port: int, *options: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "-m", "15", *options, f"http://{LOOPBACK}:{port}/", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out


async def exchange_packets(port: int) -> None:
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    class Visitor(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            answers.put_nowait(data)

    loop = asyncio.get_running_loop()
    visitor, _ = await loop.create_datagram_endpoint(Visitor, remote_addr=(LOOPBACK, port))
    for packet in (b"one", b"x" * 1400, b"three"):
        visitor.sendto(packet)
        assert await answers.get() == packet[::-1]
    visitor.close()
