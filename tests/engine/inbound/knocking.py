"""An inbound that is knocked at by bytes alone, and what it hands on."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.engine.fake import Upper
from xrgui.engine.inbound.vless import VlessInbound
from xrgui.engine.inbound.vmess import VmessInbound
from xrgui.engine.session import Session


class Recorder:
    """An acceptor, and the taker of links, that records what it is given."""

    def __init__(self) -> None:
        self.calls: asyncio.Queue[tuple[str, Session, bytes]] = asyncio.Queue()
        self.transports: list[Any] = []
        self.upper = Upper()
        self.tags: list[str] = []
        """Of the portals that were asked for."""

    def _take(self, kind: str, session: Session, transport: Any, initial: bytes) -> None:
        transport.set_protocol(self.upper)
        self.transports.append(transport)
        self.calls.put_nowait((kind, session, initial))

    def relay(self, session: Session, transport: Any, initial: bytes = b"", **_: Any) -> None:
        self._take("relay", session, transport, initial)

    def serve_mux(self, session: Session, transport: Any, initial: bytes = b"") -> None:
        self._take("mux", session, transport, initial)

    def relay_packets(self, session: Session, transport: Any) -> Upper:
        self._take("packets", session, transport, b"")
        return self.upper

    def portal(self, tag: str) -> Recorder:
        self.tags.append(tag)
        return self

    def attach(self, session: Session, transport: Any, initial: bytes) -> None:
        self._take("link", session, transport, initial)


class Running:
    def __init__(self, inbound: VlessInbound | VmessInbound, acceptor: Recorder) -> None:
        self.inbound = inbound
        self.acceptor = acceptor
        self.port = int(inbound.listening.rpartition(":")[2])
        self.writers: list[asyncio.StreamWriter] = []

    async def say(self, *parts: bytes) -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        self.client = writer.get_extra_info("sockname")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        return reader

    async def call(self) -> tuple[str, Session, bytes]:
        return await asyncio.wait_for(self.acceptor.calls.get(), 5)

    async def stop(self) -> None:
        await self.inbound.close()
        for end in [*self.acceptor.transports, *self.writers]:
            end.close()
        await asyncio.sleep(0.01)
