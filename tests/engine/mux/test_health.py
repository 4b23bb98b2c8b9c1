"""When a silent link is given up, by a clock that the test turns."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fuzz.clock import FakeLoop
from tests.fuzz.wire import TARGET, Side, Wire
from xrgui.engine.mux import extension, frames, health, worker
from xrgui.engine.mux.worker import MuxWorker

RTT = 0.05


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLoop]:
    with FakeLoop() as made:
        for module in (health, worker):
            monkeypatch.setattr(module, "monotonic", made.time)
        yield made


def made(*, stock: bool, visitors: int = 1, wire: Wire | None = None) -> MuxWorker:
    link = MuxWorker(client=True, lost=lambda *_: None)
    wire = wire or Wire()
    wire.writer = link
    link.connection_made(wire)
    link.rtt = RTT
    if not stock:
        link.peer = extension.Hello(extension.FEATURES, extension.MIN_WINDOW, b"i" * 16)
    for _ in range(visitors):
        link.open(TARGET, Side())
    return link


def test_a_dead_link_is_known_within_a_second(loop: FakeLoop) -> None:
    link = made(stock=False)
    loop.pass_time(0.8)
    assert not link.closed
    loop.pass_time(0.2)
    assert link.closed


def test_a_visitor_who_comes_to_an_idle_link_that_is_dead_does_not_wait_for_the_next_idle_look(loop: FakeLoop) -> None:
    link = made(stock=False, visitors=0)
    loop.pass_time(health.IDLE_LOOK * 0.9)
    link.echoes.clear()
    link.open(TARGET, Side())
    loop.pass_time(1)
    assert link.closed


def test_a_stock_peer_gets_time_while_a_successor_is_asked_for(loop: FakeLoop) -> None:
    link = made(stock=True)
    asked: list[float] = []
    link.fell_silent = lambda: asked.append(loop.time())
    start = loop.time()
    loop.pass_time(5)
    assert not link.closed
    assert link.health.silent
    assert asked
    assert asked[0] - start < 1
    link.data_received(frames.end(0))
    assert not link.health.silent
    loop.pass_time(health.PATIENT_TIMEOUT + 1)
    assert link.closed


def test_a_stock_peer_without_visitors_gets_the_same_time(loop: FakeLoop) -> None:
    """It would not hear of the end, and go on to send visitors over the link once the silence is over."""
    link = made(stock=True, visitors=0)
    loop.pass_time(health.PATIENT_TIMEOUT - 1)
    assert link.health.silent
    assert not link.closed
    loop.pass_time(2 * health.IDLE_LOOK + 1)
    assert link.closed


def test_a_process_that_stood_still_reads_before_it_judges(loop: FakeLoop) -> None:
    """The answers came while it was stopped, and lie in the socket; its timers run first."""
    link = made(stock=False)
    loop.pass_time(0.5)
    assert link.echoes
    loop.now += 5
    loop.pass_time(0)
    assert not link.closed
    link.data_received(frames.end(0))
    loop.pass_time(0.2)
    assert not link.closed


def test_a_loop_that_is_always_late_still_judges(loop: FakeLoop) -> None:
    link = made(stock=False)
    for _ in range(20):
        loop.now += 0.3
        loop.pass_time(0.05)
    assert link.closed


class Acknowledged(Wire):
    """A link whose other end's system takes all that we send, while nobody there reads it."""

    family = socket.AF_INET

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self if name == "socket" else default

    def setsockopt(self, *option: int) -> None: ...

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        milliseconds = 10
        return struct.pack(f"=56xI{size - 60}x", milliseconds)


@pytest.mark.skipif(sys.platform != "linux", reason="no system else tells when it was acknowledged")
def test_a_stuck_reader_gets_no_visitors_and_half_a_minute(loop: FakeLoop) -> None:
    link = made(stock=False, wire=Acknowledged())
    asked: list[float] = []
    link.fell_silent = lambda: asked.append(loop.time())
    loop.pass_time(health.STUCK_TIMEOUT - 1)
    assert not link.closed
    assert link.health.late
    assert not asked
    loop.pass_time(2)
    assert link.closed
