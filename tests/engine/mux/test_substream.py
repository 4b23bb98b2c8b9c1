"""What a sub-connection holds for a local side that pauses, and the end that comes behind it."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.fake import FakeTransport
from xrgui.address import Destination, Network
from xrgui.engine.mux import extension, frames
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.worker import MuxWorker

TARGET = Destination(Network.TCP, "service.test", 80)
WINDOW = extension.MIN_WINDOW


class Link(FakeTransport):
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever full here."""


class Sip(asyncio.Protocol):
    """Pauses the stream with each piece, as a socket does that is full with it."""

    def __init__(self) -> None:
        self.thirsty = False
        self.data = b""
        self.ends: list[str] = []
        self.stream: SubStream | None = None

    def data_received(self, data: bytes) -> None:
        self.data += data
        assert self.stream is not None
        if not self.thirsty:
            self.stream.pause_reading()

    def eof_received(self) -> bool:
        self.ends.append("eof")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.ends.append("lost")


@pytest.fixture(params=["credits", "stock"])
async def worker(request: pytest.FixtureRequest) -> MuxWorker:
    hello = extension.Hello(extension.FEATURES, WINDOW, b"p" * 16)
    worker = MuxWorker(client=True, lost=lambda *_: None, hello=hello)
    worker.connection_made(Link())
    if request.param == "credits":
        peer = extension.Hello(extension.FEATURES, WINDOW, b"b" * 16)
        worker.data_received(peer.encode())
    return worker


def opened(worker: MuxWorker) -> tuple[SubStream, Sip]:
    side = Sip()
    stream = worker.open(TARGET, side)
    assert isinstance(stream, SubStream)
    side.stream = stream
    return stream, side


def keep(stream_id: int, data: bytes) -> bytes:
    return frames.keep_head(stream_id, len(data)) + data


def end(stream: SubStream, size: int) -> bytes:
    return extension.Fin(stream.id, size).encode() if stream.credited else frames.end(stream.id)


async def test_the_end_comes_though_the_last_piece_that_was_held_pauses_again(worker: MuxWorker) -> None:
    stream, side = opened(worker)
    pieces = [b"1" * 3000, b"2" * 3000, b"3" * 3000]
    for piece in pieces:
        worker.data_received(keep(stream.id, piece))
    worker.data_received(end(stream, 9000))
    for _ in range(4):
        stream.resume_reading()
        await asyncio.sleep(0)
    assert side.data == b"".join(pieces)
    assert side.ends == (["eof"] if stream.credited else ["lost"])


async def test_the_end_comes_once_though_reading_was_resumed_twice(worker: MuxWorker) -> None:
    stream, side = opened(worker)
    worker.data_received(keep(stream.id, b"1" * 3000) + keep(stream.id, b"2" * 3000))
    worker.data_received(end(stream, 6000))
    side.thirsty = True
    stream.resume_reading()
    stream.pause_reading()
    stream.resume_reading()
    await asyncio.sleep(0)
    assert side.ends == (["eof"] if stream.credited else ["lost"])


async def test_an_end_behind_a_pause_comes_once(worker: MuxWorker) -> None:
    """The last piece pauses, then the end comes, then the local side reads on."""
    stream, side = opened(worker)
    worker.data_received(keep(stream.id, b"1" * 3000) + keep(stream.id, b"2" * 3000))
    stream.resume_reading()
    await asyncio.sleep(0)
    worker.data_received(end(stream, 6000))
    stream.resume_reading()
    await asyncio.sleep(0)
    assert side.ends == (["eof"] if stream.credited else ["lost"])
