"""Which link a visitor gets, and who waits for one, by a clock that the test turns; the bridge is the test itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import cast

import pytest

from tests.fuzz.clock import FakeLoop
from tests.fuzz.wire import TARGET, Side, Wire
from xrgui.address import Destination, Network
from xrgui.engine.errors import RefusedError
from xrgui.engine.interfaces import Acceptor
from xrgui.engine.memory import memory
from xrgui.engine.mux import extension, frames, health, resumption, worker
from xrgui.engine.mux.worker import BRIDGE_IDS, MuxWorker
from xrgui.engine.reverse import waiting
from xrgui.engine.reverse.portal import NOT_APPROVED, PLAIN_AFTER, Portal
from xrgui.engine.session import Session

LIMIT = 1 << 20


class Carrier(Wire):
    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, MuxWorker)
        self.writer = protocol


def link(portal: Portal, *, answers: bool = True) -> MuxWorker:
    """A stock bridge's, on a path of 50 ms."""
    wire = Carrier()
    portal.attach(Session("links", "vless", TARGET), wire, b"")
    assert wire.writer is not None
    if answers:
        answer(wire.writer)
        wire.writer.rtt = 0.05
    return wire.writer


def answer(link: MuxWorker) -> None:
    """To all echoes that are under way."""
    for _ in range(len(link.echoes)):
        link.data_received(frames.end(0))


def visit(portal: Portal) -> Side:
    side = Side()
    portal.connect(Session("visitors", "tunnel", TARGET), side)
    return side


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLoop]:
    with FakeLoop() as made:
        for named in (health, worker):
            monkeypatch.setattr(named, "monotonic", made.time)
        yield made


@pytest.fixture
def portal(loop: FakeLoop) -> Portal:
    return Portal("portal", buffer_limit=lambda: LIMIT)


def test_who_waits_for_approval_is_told_once_it_is_clear_what_he_is(
    loop: FakeLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An xrgui, which shows its key a moment later, is never taken for a stock bridge, which has none."""
    asking = Portal("portal", buffer_limit=lambda: LIMIT, keys=())
    worker = link(asking)
    [waiting_link] = asking.pending
    assert not waiting_link.introduced
    worker.peer = extension.Hello(extension.FEATURES, LIMIT, bytes(16))
    assert waiting_link.introduced
    worker.peer = None
    waiting_link.since -= PLAIN_AFTER
    assert waiting_link.introduced


def test_what_an_unapproved_bridge_opens_is_refused(loop: FakeLoop) -> None:
    asking = Portal("portal", buffer_limit=lambda: LIMIT, keys=(), acceptor=cast(Acceptor, object()))
    asking._hello = lambda: extension.Hello(extension.FEATURES, LIMIT, b"p" * 16, nonce=bytes(32))
    made = link(asking)
    made.data_received(extension.Hello(extension.FEATURES, LIMIT, b"b" * 16).encode())
    said = cast(Wire, made.transport).under_way
    loop.settle()
    said.clear()
    number = BRIDGE_IDS[0]
    made.data_received(extension.Open(number, 1).encode() + frames.new(number, TARGET))
    made.data_received(extension.Reopen(number + 1, 2, 0).encode())
    loop.settle()
    reset = extension.Reset(number, extension.DENIED, NOT_APPROVED).encode()
    assert said == reset + frames.end(number, error=True) + frames.end(number + 1, error=True)
    assert list(made.streams) == [1]


@pytest.fixture
def silent(portal: Portal, loop: FakeLoop) -> MuxWorker:
    """The only link: it has a visitor, and nothing has come from its bridge for a second."""
    made = link(portal)
    visit(portal)
    loop.pass_time(1)
    assert made.health.silent
    return made


def test_a_visitor_waits_while_the_only_link_is_silent(portal: Portal, silent: MuxWorker, loop: FakeLoop) -> None:
    opened = silent.opened
    side = visit(portal)
    assert side.transport is None
    assert silent.opened == opened
    loop.pass_time(waiting.PATIENCE - 0.1)
    assert not side.ended
    loop.pass_time(0.2)
    (error,) = side.ended
    assert isinstance(error, RefusedError)
    assert "does not answer" in str(error)
    assert not silent.closed


def test_who_waits_goes_on_over_the_successor(portal: Portal, silent: MuxWorker) -> None:
    side = visit(portal)
    successor = link(portal)
    assert side.transport is not None
    assert side.transport.worker is successor


def test_who_waits_goes_on_when_the_old_link_answers_again(portal: Portal, silent: MuxWorker, loop: FakeLoop) -> None:
    side = visit(portal)
    loop.pass_time(2)
    answer(silent)
    assert side.transport is not None
    assert side.transport.worker is silent
    loop.pass_time(0.1)
    assert not side.ended


def test_who_leaves_meanwhile_is_not_opened(portal: Portal, silent: MuxWorker, loop: FakeLoop) -> None:
    side = Side()
    pending = portal.connect(Session("visitors", "tunnel", TARGET), side)
    assert pending is not None
    pending.cancel()
    successor = link(portal)
    loop.pass_time(waiting.PATIENCE + 1)
    assert side.transport is None
    assert not side.ended
    assert successor.opened == 1


def test_many_wait_in_bounds_and_in_order(portal: Portal, silent: MuxWorker) -> None:
    share = waiting.MOST_WAITING // 2
    sides = [visit(portal) for _ in range(share + 3)]
    assert [bool(side.ended) for side in sides].count(True) == 3
    link(portal)
    ids = [side.transport.id for side in sides if side.transport is not None]
    assert ids == sorted(ids)
    assert len(ids) == share


def test_who_waits_is_opened_once_it_is_clear_what_the_bridge_speaks(portal: Portal, loop: FakeLoop) -> None:
    """Else he has no credits, and ends with the link."""
    portal._hello = lambda: extension.Hello(extension.FEATURES, LIMIT, b"p" * 16)
    side = visit(portal)
    made = link(portal, answers=False)
    assert side.transport is None
    made.data_received(extension.Hello(extension.FEATURES, LIMIT, b"b" * 16).encode())
    assert side.transport is not None
    assert side.transport.credited


def test_a_bridge_that_does_not_introduce_itself_takes_visitors_with_its_first_echo(
    portal: Portal, loop: FakeLoop
) -> None:
    portal._hello = lambda: extension.Hello(extension.FEATURES, LIMIT, b"p" * 16)
    side = visit(portal)
    made = link(portal, answers=False)
    assert side.transport is None
    answer(made)
    assert side.transport is not None
    assert not side.transport.credited


def test_one_address_cannot_fill_the_waiting_room(portal: Portal, silent: MuxWorker, loop: FakeLoop) -> None:
    def come(host: str) -> Side:
        side = Side()
        portal.connect(Session("visitors", "tunnel", TARGET, source=Destination(Network.TCP, host, 1)), side)
        return side

    crowd = [come("2001:db8::1" if number % 2 else "2001:db8::2") for number in range(waiting.MOST_WAITING + 10)]
    others = [come(f"192.0.2.{number}") for number in range(200)]
    assert sum(not side.ended for side in crowd) == waiting.MOST_WAITING // 2
    assert not any(side.ended for side in others)
    loop.pass_time(waiting.PATIENCE + 1)
    assert all(side.ended for side in (*crowd, *others))
    assert len(portal._room) == 0
    assert not portal._room._shares


async def test_a_portal_that_ends_sends_those_who_wait_away() -> None:
    portal = Portal("portal", buffer_limit=lambda: LIMIT)
    before, after = visit(portal), Side()
    await portal.close()
    portal.connect(Session("visitors", "tunnel", TARGET), after)
    assert [len(side.ended) for side in (before, after)] == [1, 1]


def test_a_bridge_that_comes_and_goes_in_a_loop_leaves_nothing(portal: Portal, loop: FakeLoop) -> None:
    """Each time it is another instance, gets a visitor, and is gone."""
    used = memory.used
    portal._hello = lambda: extension.Hello(extension.FEATURES, extension.MIN_WINDOW, b"p" * 16)
    sides = []
    for number in range(300):
        made = link(portal)
        instance = number.to_bytes(16, "big")
        made.data_received(extension.Hello(extension.FEATURES, extension.MIN_WINDOW, instance).encode())
        sides.append(visit(portal))
        sides[-1].write(100)
        made.connection_lost(ConnectionResetError("gone"))
    assert portal.links == []
    assert portal.resumption.parked == 300
    loop.pass_time(resumption.GRACE + 1)
    assert all(side.ended for side in sides)
    assert portal.resumption.parked == 0
    assert not list(portal.resumption.streams)
    assert not portal.resumption._timers
    assert memory.used == used


def test_a_false_predecessor_ends_nothing(portal: Portal, loop: FakeLoop) -> None:
    """He who names an instance that he does not know names nobody, and himself least of all."""
    portal._hello = lambda: extension.Hello(extension.FEATURES, extension.MIN_WINDOW, b"p" * 16)
    good, own, stranger = link(portal), b"g" * 16, b"s" * 16
    good.data_received(extension.Hello(extension.FEATURES, extension.MIN_WINDOW, own, former=own).encode())
    side = visit(portal)
    for former in (b"x" * 16, stranger, b"p" * 16):
        made = link(portal)
        made.data_received(extension.Hello(extension.FEATURES, extension.MIN_WINDOW, stranger, former=former).encode())
        assert not made.closed
    assert not good.closed
    assert not side.ended
    successor = link(portal)
    successor.data_received(extension.Hello(extension.FEATURES, extension.MIN_WINDOW, b"n" * 16, former=own).encode())
    assert good.closed
    assert side.ended
