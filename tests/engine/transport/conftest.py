"""A recording protocol, and pairs of connections over every stack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from xrgui import certificate
from xrgui.config.model import Certificate, Stream, Tls, WebSocket
from xrgui.engine import transport


class Recorder(asyncio.Protocol):
    """Notes what comes; `at_least(n)` and `lost` can be awaited."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.pieces: list[int] = []
        self.made = 0
        self.eof = False
        self.keep_open = False
        self.paused = False
        self.lost: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.made += 1
        self.transport = cast(asyncio.Transport, transport)
        self._changed.set()

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.pieces.append(len(data))
        self._changed.set()

    def eof_received(self) -> bool:
        self.eof = True
        self._changed.set()
        return self.keep_open

    def pause_writing(self) -> None:
        self.paused = True
        self._changed.set()

    def resume_writing(self) -> None:
        self.paused = False
        self._changed.set()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.lost.set_result(exc)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def at_least(self, size: int) -> bytes:
        await self.until(lambda: len(self.received) >= size)
        return bytes(self.received)

    async def ended(self) -> BaseException | None:
        async with asyncio.timeout(20):
            return await self.lost


@dataclass
class Bench:
    """Listeners and connections of one test; all of it is closed at its end."""

    made: list[Recorder] = field(default_factory=list)
    listeners: list[transport.Listener] = field(default_factory=list)

    def recorder(self) -> Recorder:
        made = Recorder()
        self.made.append(made)
        return made

    async def listen(
        self, stream: Stream, address: str = "127.0.0.1"
    ) -> tuple[transport.Listener, asyncio.Queue[Recorder]]:
        accepted: asyncio.Queue[Recorder] = asyncio.Queue()

        def factory() -> Recorder:
            recorder = self.recorder()
            accepted.put_nowait(recorder)
            return recorder

        listener = await transport.listen(stream, address, 0, factory)
        self.listeners.append(listener)
        return listener, accepted

    async def dial(self, stream: Stream, port: int, host: str = "127.0.0.1") -> Recorder:
        _, protocol = await transport.dial(stream, host, port, self.recorder)
        return cast(Recorder, protocol)

    async def pair(self, server: Stream, client: Stream) -> tuple[Recorder, Recorder]:
        """A connection: the client's end and the server's."""
        listener, accepted = await self.listen(server)
        ours = await self.dial(client, listener.port)
        async with asyncio.timeout(20):
            theirs = await accepted.get()
            await theirs.until(lambda: theirs.made == 1)
        return ours, theirs

    async def close(self) -> None:
        for listener in self.listeners:
            listener.close()
        for _ in range(5):
            await asyncio.sleep(0)
        open_ones = [each for each in self.made if each.made and not each.lost.done()]
        for each in open_ones:
            each.transport.abort()
        for each in open_ones:
            await each.ended()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.close()


@pytest.fixture(scope="session")
def made() -> certificate.SelfSigned:
    return certificate.make(["localhost", "127.0.0.1", "portal.example", "*.wild.example"])


@dataclass(frozen=True)
class Stack:
    server: Stream
    client: Stream


@pytest.fixture(params=["raw", "tls", "ws", "wss", "ws-early"])
def stack(request: pytest.FixtureRequest, made: certificate.SelfSigned) -> Stack:
    server_tls = Tls(certificates=(Certificate(certificate=made.chain, key=made.key),))
    client_tls = Tls(pinned=(bytes.fromhex(made.pin),))
    ws = WebSocket(path="/tunnel")
    kinds = {
        "raw": Stack(Stream(), Stream()),
        "tls": Stack(Stream(security="tls", tls=server_tls), Stream(security="tls", tls=client_tls)),
        "ws": Stack(Stream(network="ws", ws=ws), Stream(network="ws", ws=ws)),
        "wss": Stack(
            Stream(network="ws", ws=ws, security="tls", tls=server_tls),
            Stream(network="ws", ws=ws, security="tls", tls=client_tls),
        ),
        "ws-early": Stack(
            Stream(network="ws", ws=ws), Stream(network="ws", ws=WebSocket(path="/tunnel", early_data=2048))
        ),
    }
    return kinds[str(request.param)]
