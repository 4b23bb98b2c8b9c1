"""Sub-connections between two xrgui go on when their main connection is cut, and no byte is lost or doubled."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
from collections.abc import AsyncIterator

import pytest

from xrgui.address import Destination, Network
from xrgui.engine.mux import extension, frames
from xrgui.engine.mux.connection import Opened
from xrgui.engine.mux.packets import PacketStream
from xrgui.engine.mux.resumption import Resumption
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.worker import MuxWorker

TARGET = Destination(Network.TCP, "service.test", 80)


class Local(asyncio.Protocol):
    """A local side that obeys back-pressure; it answers with what it gets where *echo* is set."""

    def __init__(self, echo: bool) -> None:
        self.echo = echo
        self.transport: asyncio.Transport | None = None
        self.data = bytearray()
        self.room = asyncio.Event()
        self.room.set()
        self.changed = asyncio.Event()
        self.eof = False
        self.ended: list[Exception | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self.echo:
            self.transport.write(bytes(data))
        else:
            self.data += data
        self.changed.set()

    def eof_received(self) -> bool:
        self.eof = True
        if self.echo:
            self.transport.write_eof()
        self.changed.set()
        return True

    def pause_writing(self) -> None:
        self.room.clear()
        if self.echo:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.room.set()
        if self.echo:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.append(exc)
        self.changed.set()

    async def until(self, condition) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


class Ends:
    """A portal and a bridge whose links a test makes and cuts."""

    def __init__(self) -> None:
        self.portal_side = Resumption()
        self.bridge_side = Resumption()
        self.links: list[tuple[MuxWorker, MuxWorker]] = []
        self.served: list[Local] = []
        self.portal_name = b"p" * 16
        self.bridge_name = b"b" * 16

    async def link(self) -> MuxWorker:
        loop = asyncio.get_running_loop()
        greeted = asyncio.Event()

        def hello(name: bytes) -> extension.Hello:
            return extension.Hello(extension.FEATURES, 64 * 1024, name)

        def met(worker: MuxWorker) -> None:
            if not worker.client:
                worker.resumption.met(worker, [bridge for _, bridge in self.links if not bridge.closed])
            worker.resumption.reopen(worker)
            if worker.client:
                greeted.set()

        def lost(worker: MuxWorker, _: Exception | None) -> None:
            for pair in self.links:
                for one in pair:
                    if one.client is worker.client and not one.closed:
                        one.resumption.reopen(one)

        def accept(stream: SubStream | PacketStream, opened: Opened) -> None:
            local = Local(echo=True)
            self.served.append(local)
            stream.set_protocol(local)
            local.connection_made(stream)

        portal = MuxWorker(client=True, lost=lost, accept=accept, hello=hello(self.portal_name))
        bridge = MuxWorker(client=False, lost=lost, accept=accept, hello=hello(self.bridge_name))
        portal.resumption, bridge.resumption = self.portal_side, self.bridge_side
        portal.heard_hello = bridge.heard_hello = met
        left, right = socket.socketpair()
        await loop.create_connection(lambda: portal, sock=left)
        await loop.create_connection(lambda: bridge, sock=right)
        portal.put_control(portal.hello.encode())
        async with asyncio.timeout(5):
            await greeted.wait()
        self.links.append((portal, bridge))
        return portal

    def cut(self, number: int = -1) -> None:
        """Both ends lose the link; what was on its way is gone."""
        for worker in self.links[number]:
            worker.abort(ConnectionResetError("cut"), final=False)


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    made = Ends()
    yield made
    for pair in made.links:
        for worker in pair:
            worker.abort(ConnectionResetError("test over"))
    made.portal_side.close()
    made.bridge_side.close()


async def send(stream: SubStream, local: Local, payload: bytes, sizes: random.Random) -> None:
    position = 0
    while position < len(payload):
        await local.room.wait()
        size = sizes.choice((1, 700, 5000, 40_000, 100_000))
        stream.write(payload[position : position + size])
        position += size
        await asyncio.sleep(0)
    stream.write_eof()


@pytest.mark.parametrize("seed", range(12))
async def test_an_echo_survives_cuts_anywhere(ends: Ends, seed: int) -> None:
    # An end whose acknowledgement was lost is remembered for the grace time.
    ends.portal_side.grace = ends.bridge_side.grace = 1.0
    chance = random.Random(seed)
    await ends.link()
    portal, bridge = ends.links[0]
    locals_ = [Local(echo=False) for _ in range(4)]
    payloads = [chance.randbytes(1_000_000) for _ in locals_]
    streams = [opener.open(TARGET, local) for opener, local in zip((portal, bridge) * 2, locals_, strict=True)]
    senders = [
        asyncio.ensure_future(send(stream, local, payload, random.Random(seed)))
        for stream, local, payload in zip(streams, locals_, payloads, strict=True)
    ]
    for _ in range(6):
        for _ in range(chance.randrange(60)):
            await asyncio.sleep(0)
        if chance.random() < 0.5:
            await ends.link()
            ends.cut(-2)
        else:
            ends.cut()
            await ends.link()
    async with asyncio.timeout(20):
        await asyncio.gather(*senders)
    for local, payload in zip(locals_, payloads, strict=True):
        await local.until(lambda local=local: local.ended)
        assert hashlib.sha256(local.data).digest() == hashlib.sha256(payload).digest()
        assert local.ended == [None]
    async with asyncio.timeout(5):
        while ends.portal_side._streams or ends.bridge_side._streams:
            await asyncio.sleep(0.01)


async def test_a_close_whose_last_bytes_were_lost_is_told_on_the_next_link(ends: Ends) -> None:
    worker = await ends.link()
    local = Local(echo=False)
    stream = worker.open(TARGET, local)
    stream.write(b"x")
    await local.until(lambda: local.data == b"x")
    worker.transport.pause_reading()
    there = ends.served[0].transport
    there.write(b"the last words")
    there.close()
    for _ in range(5):
        await asyncio.sleep(0)
    assert there.is_closing()
    ends.cut()
    await ends.link()
    await local.until(lambda: local.ended)
    assert (bytes(local.data), local.ended) == (b"xthe last words", [None])


async def test_a_new_portal_ends_what_waits_for_its_predecessor(ends: Ends) -> None:
    worker = await ends.link()
    worker.open(TARGET, Local(echo=False)).write(b"x")
    async with asyncio.timeout(5):
        while not ends.served:
            await asyncio.sleep(0)
    (served,) = ends.served
    ends.cut()
    assert not served.ended
    ends.portal_name = b"n" * 16
    await ends.link()
    await served.until(lambda: served.ended)
    assert "started anew" in str(served.ended[0])


async def test_what_waits_for_one_bridge_is_not_ended_by_another(ends: Ends) -> None:
    """`xrgui expose` and `xrgui forward` under one id are two bridges of one portal."""
    worker = await ends.link()
    local = Local(echo=False)
    stream = worker.open(TARGET, local)
    ends.cut()
    own, ends.bridge_name, other = ends.bridge_name, b"n" * 16, Resumption()
    ends.bridge_side, own_side = other, ends.bridge_side
    await ends.link()
    assert not local.ended
    assert ends.portal_side.parked == 1
    ends.bridge_name, ends.bridge_side = own, own_side
    await ends.link()
    stream.write(b"still here")
    await local.until(lambda: bytes(local.data) == b"still here")
    other.close()


async def test_what_waits_too_long_ends(ends: Ends) -> None:
    ends.portal_side.grace = 0.02
    worker = await ends.link()
    local = Local(echo=False)
    worker.open(TARGET, local)
    ends.cut()
    await local.until(lambda: local.ended)
    assert "in time" in str(local.ended[0])
    assert not ends.portal_side.parked


async def test_a_visitor_who_leaves_meanwhile_leaves_nothing_behind(ends: Ends) -> None:
    worker = await ends.link()
    local = Local(echo=False)
    stream = worker.open(TARGET, local)
    ends.cut()
    stream.abort()
    assert not ends.portal_side._streams
    await local.until(lambda: local.ended)


async def test_nobody_may_reopen_what_the_other_side_opened(ends: Ends) -> None:
    worker = await ends.link()
    local = Local(echo=False)
    stream = worker.open(TARGET, local)
    ends.links[0][1].put_control(extension.Reopen(0x9000, stream.uid, 0).encode())
    stream.write(b"untouched")
    await local.until(lambda: local.data == b"untouched")
    assert stream.id == 1


@pytest.mark.parametrize("times", [1, 2])
async def test_a_forged_or_repeated_reopen_does_no_harm(ends: Ends, times: int) -> None:
    worker = await ends.link()
    local = Local(echo=False)
    stream = worker.open(TARGET, local)
    for _ in range(times):
        worker.put_control(extension.Reopen(77, 4711, 0).encode())
        worker.put_control(extension.Reopen(stream.id, stream.uid, 0).encode())
        worker.put_control(frames.ECHO)
    stream.write(b"on it goes")
    await local.until(lambda: local.data == b"on it goes")
