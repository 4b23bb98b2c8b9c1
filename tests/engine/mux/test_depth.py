"""The line before a main connection is as long as its rate allows."""

from __future__ import annotations

import pytest

from tests.engine.fake import FakeTransport, Upper
from xrgui.address import Destination, Network
from xrgui.engine.mux import frames
from xrgui.engine.mux.depth import DELAY, FIRST, LEAST, MOST, Depth
from xrgui.engine.mux.worker import MuxWorker


def after(rate: float, *, seconds: float = 2.0, step: float = 0.001, depth: Depth | None = None) -> Depth:
    """A line that is full and has room again every *step* seconds, and goes on at *rate* bytes a second."""
    depth = depth or Depth()
    for number in range(int(seconds / step)):
        now = number * step
        depth.full(now, int(now * rate))
        depth.drained(now + step, int((now + step) * rate))
    return depth


@pytest.mark.parametrize(
    ("rate", "high"), [(300e3, LEAST), (1e6, LEAST), (2e6, 32 * 1024), (5e6, FIRST), (50e6, MOST), (1e9, MOST)]
)
def test_it_follows_the_rate(rate: float, high: int) -> None:
    assert after(rate).high == high


def test_a_steady_rate_changes_nothing() -> None:
    depth = after(3e6)
    assert not any(
        (depth.full(at, int(at * rate)), depth.drained(at + 0.021, int((at + 0.021) * rate)))[1]
        for at, rate in zip((10.0, 11.0, 12.0), (3.0e6, 2.9e6, 3.1e6), strict=True)
    )


def test_what_leaves_in_a_jump_is_no_rate() -> None:
    """Once the lost packet has come all behind it goes at once: 12 KiB in no time, then nothing for 100 ms."""
    depth, gone = Depth(), 0
    for number in range(20):
        now = number * 0.1
        depth.full(now, gone)
        gone += 12 * 1024
        depth.drained(now + 0.0001, gone)
        depth.full(now + 0.0002, gone)
        gone += 1024
        depth.drained(now + 0.0999, gone)
    assert depth.high == LEAST


def test_a_rest_is_no_slow_line() -> None:
    depth = after(1e9, seconds=0.1)
    depth.full(100.0, 0)
    depth.drained(100.001, 1000)
    depth.full(200.0, 1000)
    assert not depth.drained(200.0 + DELAY, 1000 + int(1e9 * DELAY))
    assert depth.high == MOST


class Slow(FakeTransport):
    """A transport of 300 kB a second on a clock of the test's own."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = 0
        self.high = self.low = 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high, self.low = high or 0, low or 0

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def write(self, data: object) -> None:
        super().write(data)
        self.waiting += len(data)  # type: ignore[arg-type]
        if self.waiting > self.high:
            self.protocol.pause_writing()


async def test_a_small_answer_waits_for_little_behind_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("xrgui.engine.mux.link_writer.monotonic", lambda: clock[0])
    worker = MuxWorker(client=True, lost=lambda *_: None)
    slow = Slow()
    slow.protocol = worker
    worker.connection_made(slow)
    target = Destination(Network.TCP, "service.test", 80)
    downloads = [worker.open(target, Upper()) for _ in range(4)]
    small = worker.open(target, Upper())
    worker.flush()
    for _ in range(40):
        for stream in downloads:
            if not stream.write_paused:  # type: ignore[union-attr]
                stream.write(bytes(65536))  # type: ignore[union-attr]
        worker.flush()
        clock[0] += max(slow.waiting - slow.low, 0) / 300e3
        slow.waiting = min(slow.waiting, slow.low)
        if worker.blocked:
            worker.resume_writing()
    slow.take()
    before = slow.waiting
    small.write(b"a small answer")  # type: ignore[union-attr]
    slow.waiting = slow.low
    worker.resume_writing()
    worker.flush()
    assert before <= 2 * LEAST
    assert frames.keep_head(small.id, 14) + b"a small answer" in bytes(slow.take())[:LEAST]
