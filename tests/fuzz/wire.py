"""A portal and a bridge whose links exist in memory only: nothing moves on them until somebody delivers it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from tests.fuzz.clock import FakeLoop
from xrgui.address import Destination, Network
from xrgui.engine.mux import extension
from xrgui.engine.mux.connection import Opened
from xrgui.engine.mux.resumption import Resumption
from xrgui.engine.mux.substream import GRACE, SubStream
from xrgui.engine.mux.worker import MuxWorker

TARGET = Destination(Network.TCP, "service.test", 80)
WINDOW = extension.MIN_WINDOW


class Wire(asyncio.Transport):
    """One direction of a link: what was written waits in `under_way`."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way = bytearray()
        self.reader: MuxWorker | None = None
        self.writer: MuxWorker | None = None
        self.full = self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed, "written to after it was closed"
        self.under_way += data
        if len(self.under_way) > 64 * 1024 and not self.full:
            self.full = True
            assert self.writer is not None
            self.writer.pause_writing()

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        for data in list_of_data:
            self.write(data)

    def deliver(self, size: int) -> None:
        assert self.reader is not None
        part = bytes(self.under_way[:size])
        del self.under_way[:size]
        if part and not self.reader.closed:
            self.reader.data_received(part)
        if self.full and len(self.under_way) < 16 * 1024 and not self.closed:
            self.full = False
            assert self.writer is not None
            self.writer.resume_writing()

    def abort(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


class Side(asyncio.Protocol):
    """One end of a sub-connection, who writes bytes that tell their own place in the stream."""

    def __init__(self) -> None:
        self.transport: SubStream | None = None
        self.sent = 0
        self.received = 0
        self.full = False
        self.finished = False
        """It said that it sends no more, in good order."""
        self.eof = False
        self.ended: list[Exception | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def write(self, size: int) -> None:
        assert self.transport is not None
        if not self.full and not self.finished and not self.ended and not self.transport.is_closing():
            self.transport.write(pattern(self.sent, size))
            self.sent += size

    def data_received(self, data: Any) -> None:
        assert not self.ended, "bytes after the end"
        assert not self.eof, "bytes after the end of the stream"
        assert bytes(data) == pattern(self.received, len(data)), "lost, doubled or out of order"
        self.received += len(data)

    def eof_received(self) -> bool:
        self.eof = True
        return True

    def pause_writing(self) -> None:
        assert not self.full, "paused twice"
        self.full = True

    def resume_writing(self) -> None:
        assert self.full, "resumed without a pause"
        self.full = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.append(exc)
        assert len(self.ended) == 1, "ended twice"


def pattern(start: int, size: int) -> bytes:
    first = start // 4
    numbers = b"".join((number & 0xFFFFFFFF).to_bytes(4, "big") for number in range(first, (start + size) // 4 + 1))
    return numbers[start - 4 * first : start - 4 * first + size]


class Pair:
    """Both ends with all their links; *loop* is the running one."""

    def __init__(self, loop: FakeLoop, *, equal: bool = False) -> None:
        """*equal*: the bridge may open sub-connections too."""
        self.loop = loop
        self.equal = equal
        self.resumptions = Resumption(), Resumption()
        self.names = [b"p" * 16, b"b" * 16]
        """The instances of both ends."""
        self.links: list[tuple[MuxWorker, MuxWorker, Wire, Wire]] = []
        self.visitors: list[Side] = []
        self.services: dict[int, Side] = {}
        """By the uid of their sub-connection."""
        self.broken: set[int] = set()
        """Uids of those that somebody has aborted or closed: they promise nothing more."""

    def link(self) -> None:
        portal = self._worker(True, self.names[0])
        bridge = self._worker(False, self.names[1])
        up, down = Wire(), Wire()
        for wire, writer, reader in ((up, portal, bridge), (down, bridge, portal)):
            wire.writer, wire.reader = writer, reader
        self.links.append((portal, bridge, up, down))
        portal.connection_made(up)
        bridge.connection_made(down)
        assert portal.hello is not None
        portal.put_control(portal.hello.encode())

    def _worker(self, client: bool, instance: bytes) -> MuxWorker:
        worker = MuxWorker(
            client=client,
            lost=self._lost,
            accept=self._accept if self.equal or not client else None,
            hello=extension.Hello(extension.FEATURES, WINDOW, instance),
        )
        worker.resumption = self.resumptions[not client]
        worker.heard_hello = self._met
        return worker

    def _alive(self, side: int) -> list[MuxWorker]:
        return [link[side] for link in self.links if not link[side].closed]

    def _met(self, worker: MuxWorker) -> None:
        side = not worker.client
        if side:
            self.resumptions[1].met(worker, self._alive(1))
        self.resumptions[side].reopen(worker)

    def _lost(self, worker: MuxWorker, _: Exception | None) -> None:
        side = not worker.client
        for other in self._alive(side):
            self.resumptions[side].reopen(other)

    def _accept(self, stream: Any, opened: Opened) -> None:
        side = Side()
        if stream.uid:
            assert stream.uid not in self.services, "opened twice"
            self.services[stream.uid] = side
        stream.set_protocol(side)
        side.connection_made(stream)

    def open(self) -> None:
        ready = [worker for worker in self._alive(0) if worker.peer is not None and not worker.going_away]
        if ready:
            side = Side()
            self.visitors.append(side)
            ready[-1].open(TARGET, side)

    def cut(self, number: int, side: int) -> None:
        """*side* notices; the other one later, or by a cut of its own."""
        if self.links:
            worker = self.links[number % len(self.links)][side]
            worker.abort(ConnectionResetError("cut"), final=False)

    def sides(self) -> list[Side]:
        return [*self.visitors, *self.services.values()]

    def deliver(self, number: int, way: int, size: int) -> None:
        if self.links:
            link = self.links[number % len(self.links)]
            # A wire whose writer has given up still brings what was sent before; a reader who has gone reads nothing.
            link[2 + way].deliver(size)

    def deliver_all(self) -> None:
        self.loop.run()
        for number in range(len(self.links)):
            for way in (0, 1):
                self.deliver(number, way, 1 << 20)
        self.loop.run()

    def heal(self) -> None:
        """All links that are torn at one end are torn at both; a good one comes; everything arrives."""
        for portal, bridge, _, _ in self.links:
            if portal.closed or bridge.closed:
                for worker in (portal, bridge):
                    worker.abort(ConnectionResetError("cut"), final=False)
        self.link()
        for side in self.sides():
            if side.transport is not None and not side.ended:
                side.transport.resume_reading()
        self._flow()

    def _flow(self) -> None:
        for _ in range(100_000):
            self.loop.settle()
            busy = False
            for portal, bridge, up, down in self.links:
                if portal.closed or bridge.closed:
                    continue
                for wire in (up, down):
                    busy = busy or bool(wire.under_way)
                    wire.deliver(1 << 20)
            if not busy and not self.loop.soon:
                return
        raise AssertionError("the two ends never come to rest")

    def check_bounds(self) -> None:
        """No side holds more than its window and what one may overshoot it by."""
        for side in self.sides():
            stream = side.transport
            if stream is not None and not side.ended and stream.credited:
                assert stream.held_size <= stream.window + GRACE
