"""An acceptor that needs no dispatcher: every session goes straight to one outbound."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from xrgui.config.model import Dns, FreedomOutbound, Outbound
from xrgui.engine import interfaces
from xrgui.engine.outbound.freedom import FreedomOutbound as Freedom
from xrgui.engine.relay import PacketVisitorLeg, VisitorLeg
from xrgui.engine.resolver import Resolver
from xrgui.engine.session import Session


class Direct:
    """Keeps the sessions it relayed."""

    def __init__(self) -> None:
        self.outbound: interfaces.Outbound = Freedom(
            Outbound(settings=FreedomOutbound(), tag="free"), Resolver(Dns())
        )
        self.sessions: list[Session] = []
        self.closed: list[Session] = []
        self.changed = asyncio.Event()

    def relay(
        self,
        session: Session,
        transport: asyncio.Transport,
        initial: bytes = b"",
        *,
        opened: Callable[[], None] | None = None,
        failed: Callable[[BaseException | None], None] | None = None,
    ) -> None:
        self.session_opened(session)
        leg = VisitorLeg(session, self, opened, failed)
        leg.transport = transport
        transport.set_protocol(leg)
        if initial:
            leg.data_received(initial)
        leg.pending = self.outbound.connect(session, leg.target)

    def relay_packets(
        self, session: Session, transport: asyncio.DatagramTransport
    ) -> asyncio.DatagramProtocol:
        self.session_opened(session)
        leg = PacketVisitorLeg(session, self, transport)
        leg.pending = self.outbound.connect(session, leg.target)
        return leg

    def serve_mux(self, session: Session, transport: asyncio.Transport, initial: bytes = b"") -> None:
        raise NotImplementedError

    def session_opened(self, session: Session) -> None:
        self.sessions.append(session)
        self.changed.set()

    def session_closed(self, session: Session) -> None:
        self.closed.append(session)
        self.changed.set()

    async def until_closed(self, count: int) -> None:
        while len(self.closed) < count:
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 5)


@pytest.fixture
async def acceptor() -> AsyncIterator[Direct]:
    direct = Direct()
    yield direct
    for session in direct.sessions:
        if session.abort is not None:
            session.abort("the test is over")
    await direct.outbound.close()


@pytest.fixture
async def running() -> AsyncIterator[Callable[[Any], Awaitable[int]]]:
    """Starts inbounds; gives their (first) port."""
    inbounds = []

    async def start(inbound: Any) -> int:
        await inbound.start()
        inbounds.append(inbound)
        return int(inbound.listening.split(",")[0].rpartition(":")[2])

    yield start
    for inbound in inbounds:
        await inbound.close()


class Packets(asyncio.DatagramProtocol):
    """A UDP client."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.put_nowait(bytes(data))

    @property
    def port(self) -> int:
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    async def ask(self, data: bytes) -> bytes:
        self.transport.sendto(data)
        return await asyncio.wait_for(self.received.get(), 5)


@pytest.fixture
async def udp_client() -> AsyncIterator[Callable[..., Awaitable[Packets]]]:
    clients = []

    async def connect(port: int, host: str = "127.0.0.1", local: str | None = None) -> Packets:
        loop = asyncio.get_running_loop()
        local_addr = (local, 0) if local else None
        _, client = await loop.create_datagram_endpoint(
            Packets, remote_addr=(host, port), local_addr=local_addr
        )
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.transport.close()


@pytest.fixture
def curl() -> Callable[..., Awaitable[tuple[int, str]]]:
    """Runs curl; gives its exit status and what it printed."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")

    async def run(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            program,
            *("-sS", "--noproxy", "", "-m", "5", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()

    return run
