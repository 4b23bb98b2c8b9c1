"""One whole read of each socket in a turn of the loop."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.fake import FakeTransport, Upper
from xrgui.address import Destination, Network
from xrgui.engine.mux import frames
from xrgui.engine.mux.turns import MOST_EVENTS, WHOLE_READ
from xrgui.engine.mux.worker import MuxWorker

TARGET = Destination(Network.TCP, "service.test", 80)


class Link(FakeTransport):
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever full here."""


class Sender(Upper):
    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")


@pytest.fixture
async def worker() -> MuxWorker:
    """With a quiet visitor, so that whoever comes is in company."""
    worker = MuxWorker(client=True, lost=lambda *_: None)
    worker.connection_made(Link())
    worker.open(TARGET, Sender())
    return worker


def read_calls(worker: MuxWorker) -> list[str]:
    assert isinstance(worker.transport, Link)
    return [call for call in worker.transport.calls if call.endswith("reading")]


async def test_who_sends_a_whole_read_waits_for_the_next_turn(worker: MuxWorker) -> None:
    busy, calm = Sender(), Sender()
    worker.open(TARGET, busy).write(bytes(WHOLE_READ))  # type: ignore[union-attr]
    worker.open(TARGET, calm).write(b"a small request")  # type: ignore[union-attr]
    assert busy.events == ["made", "pause"]
    assert calm.events == ["made"]
    await asyncio.sleep(0)
    assert busy.events == ["made", "pause", "resume"]


async def test_one_that_ends_meanwhile_is_left_alone(worker: MuxWorker) -> None:
    sender = Sender()
    stream = worker.open(TARGET, sender)
    stream.write(bytes(WHOLE_READ))  # type: ignore[union-attr]
    stream.close()
    await asyncio.sleep(0)
    assert "resume" not in sender.events


async def test_a_link_that_gives_a_whole_read_waits_for_the_next_turn(worker: MuxWorker) -> None:
    worker.open(TARGET, Sender())
    worker.data_received(frames.keep_alive(0, b"short"))
    assert read_calls(worker) == []
    worker.data_received(frames.keep_alive(0, bytes(60_000)) * 2)
    assert read_calls(worker) == ["pause_reading"]
    await asyncio.sleep(0)
    assert read_calls(worker) == ["pause_reading", "resume_reading"]


async def test_who_is_alone_need_not_wait(worker: MuxWorker) -> None:
    alone = next(iter(worker.streams.values()))
    alone.write(bytes(WHOLE_READ))  # type: ignore[union-attr]
    worker.data_received(frames.keep_alive(0, bytes(60_000)) * 2)
    assert alone.get_protocol().events == ["made"]
    assert read_calls(worker) == []


async def test_the_brake_outlasts_the_turn(worker: MuxWorker) -> None:
    stream = worker.open(TARGET, Sender())
    worker.data_received(frames.keep_alive(0, bytes(60_000)) * 2)
    worker.brake.hold(stream)  # type: ignore[arg-type]
    await asyncio.sleep(0)
    assert "resume_reading" not in read_calls(worker)
    worker.brake.stop()


async def test_small_frames_are_handled_some_in_a_turn_whoever_is_there() -> None:
    """Three turns' worth of bytes that are a frame each; what comes meanwhile waits behind them."""
    worker = MuxWorker(client=True, lost=lambda *_: None)
    worker.connection_made(Link())
    alone = Sender()
    number = worker.open(TARGET, alone).id
    count = 2 * MOST_EVENTS + 10
    worker.data_received(b"".join(frames.keep_head(number, 1) + bytes([place % 251]) for place in range(count)))
    worker.data_received(frames.keep_head(number, 4) + b"last")
    assert len(alone.received) <= 2 * MOST_EVENTS
    assert read_calls(worker) == ["pause_reading"]
    for _ in range(3):
        await asyncio.sleep(0)
    assert alone.received == bytes(place % 251 for place in range(count)) + b"last"
    assert read_calls(worker)[-1] == "resume_reading"


async def test_a_link_that_ends_in_between_hands_on_no_more() -> None:
    worker = MuxWorker(client=True, lost=lambda *_: None)
    worker.connection_made(Link())
    alone = Sender()
    number = worker.open(TARGET, alone).id
    worker.data_received((frames.keep_head(number, 1) + b"x") * (MOST_EVENTS + 1))
    worker.abort(ConnectionResetError("gone"))
    await asyncio.sleep(0)
    assert len(alone.received) == MOST_EVENTS
