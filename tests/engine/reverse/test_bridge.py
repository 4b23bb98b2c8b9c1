"""When a bridge dials, by a clock that the test turns; the portal is what the test writes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

import pytest

from tests.fuzz.clock import FakeLoop
from tests.fuzz.wire import TARGET, Side, Wire
from xrgui.address import Destination, Network
from xrgui.engine.errors import RefusedError
from xrgui.engine.interfaces import Acceptor
from xrgui.engine.mux import extension, frames, health, worker
from xrgui.engine.mux.worker import MuxWorker
from xrgui.engine.reverse import control, waiting
from xrgui.engine.reverse.bridge import Bridge, retry_delay
from xrgui.engine.reverse.bridge_link import ANSWER_TIMEOUT
from xrgui.engine.session import Session

FIRST = frames.new(1, Destination(Network.UDP, control.VLESS_DOMAIN, 0))
"""What a portal opens a link with."""
DRAIN = frames.keep_packet(1, control.encode(control.DRAIN, b"x"), None)


class Dial:
    """One attempt, as the network sees it."""

    def __init__(self, protocol: asyncio.BaseProtocol, at: float) -> None:
        self.worker = cast(MuxWorker, protocol)
        self.at = at
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def stand(self) -> None:
        """The way there stands; nobody has spoken."""
        wire = Wire()
        wire.writer = self.worker
        self.worker.connection_made(wire)

    def answer(self) -> None:
        self.stand()
        self.worker.data_received(FIRST)

    def drop(self) -> None:
        self.worker.connection_lost(ConnectionResetError("gone"))

    def fail(self) -> None:
        self.worker.connection_lost(ConnectionRefusedError("refused"))


class Net:
    """Where a bridge dials."""

    def __init__(self, loop: FakeLoop, hello: extension.Hello | None = None, **own: Any) -> None:
        self.loop = loop
        self.dials: list[Dial] = []
        self.behaviour: Any = None
        """Called with each new dial."""
        self.bridge = Bridge(
            "bridge",
            "portal.test:443",
            self.dial,
            cast(Acceptor, None),
            reverse=True,
            hello=hello,
            buffer_limit=lambda: 1 << 20,
            **own,
        )

    def dial(self, protocol: asyncio.BaseProtocol) -> Dial:
        made = Dial(protocol, self.loop.time())
        self.dials.append(made)
        if self.behaviour is not None:
            self.behaviour(made)
        return made

    def up(self) -> list[Dial]:
        """The links of a bridge that was started and has all it wants."""
        self.behaviour = Dial.answer
        self.bridge.start()
        self.behaviour = None
        made, self.dials = self.dials, []
        return made

    @property
    def open(self) -> int:
        return sum(not dial.cancelled and not dial.worker.closed for dial in self.dials)


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLoop]:
    with FakeLoop() as made:
        for named in (health, worker):
            monkeypatch.setattr(named, "monotonic", made.time)
        yield made


@pytest.fixture
def net(loop: FakeLoop) -> Net:
    return Net(loop)


def quiet(links: list[Dial]) -> None:
    """Answer what was asked, so that no link counts as silent."""
    for link in links:
        link.worker.echoes.clear()


@pytest.mark.parametrize("links", [1, 2, 4])
def test_as_many_links_as_are_asked_for(loop: FakeLoop, links: int) -> None:
    net = Net(loop, warm=links)
    assert len(net.up()) == links
    assert len(net.bridge.links) == links
    loop.pass_time(0.5)
    assert net.dials == []


def test_a_dial_that_nobody_answers_gets_rivals(net: Net, loop: FakeLoop) -> None:
    """A SYN that was lost is repeated after a second; a link that froze for one must not cost another."""
    net.bridge.start()
    loop.pass_time(0.3)
    assert len(net.dials) == 2
    loop.pass_time(0.7)
    assert len(net.dials) >= 4
    net.dials[-1].answer()
    assert net.bridge.state == "up"


def test_rivals_come_less_often_the_longer_nobody_answers(net: Net, loop: FakeLoop) -> None:
    net.bridge.start()
    loop.pass_time(60)
    times = [dial.at for dial in net.dials]
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[0] <= 0.25 + 1e-6
    assert max(gap for gap, at in zip(gaps, times, strict=False) if at < times[0] + 5) < 0.8
    assert gaps[-1] > 4
    assert len(times) < 50


def test_a_slow_path_gets_no_rivals(net: Net, loop: FakeLoop) -> None:
    for link in net.up():
        link.worker.least_rtt = 0.6
    loop.pass_time(3)
    net.dials.clear()
    for standing in list(net.bridge.links):
        standing.worker.abort(ConnectionResetError("cut"))
    before = len(net.dials)
    loop.pass_time(1.5)
    assert len(net.dials) == before


def test_the_others_are_given_up_when_enough_stand(net: Net, loop: FakeLoop) -> None:
    net.bridge.start()
    loop.pass_time(1)
    first, second, third, *rest = net.dials
    assert rest
    third.stand()
    third.worker.data_received(FIRST)
    rest[0].stand()
    second.answer()
    assert len(net.bridge.links) == 2
    assert first.cancelled
    assert all(dial.cancelled for dial in net.dials if dial.worker.transport is None)
    rest[0].worker.data_received(FIRST)
    assert len(net.bridge.links) == 3
    made = len(net.dials)
    loop.pass_time(0.5)
    assert len(net.dials) == made


def test_a_bridge_that_is_told_to_stop_takes_no_late_answer(net: Net, loop: FakeLoop) -> None:
    net.bridge.start()
    loop.pass_time(0.3)
    net.bridge.go_away()
    assert net.open == 0
    loop.pass_time(30)
    assert net.open == 0
    assert net.bridge.state == "stopped"


def test_the_loss_of_a_link_that_stood_is_no_reason_to_wait(net: Net, loop: FakeLoop) -> None:
    """The portal takes one link and refuses the second for a minute: the next dial is far away. Then the first dies."""
    net.bridge.start()
    net.behaviour = Dial.fail
    net.dials[0].answer()
    for _ in range(60):
        loop.pass_time(1)
        quiet(net.dials[:1])
    assert net.bridge.next_try > loop.time()
    made = len(net.dials)
    net.dials[0].drop()
    assert len(net.dials) == made + 1


@pytest.mark.parametrize("spite", ["close", "drain", "drain and close"])
def test_a_portal_that_takes_links_and_drops_them_is_not_dialled_without_a_pause(
    net: Net, loop: FakeLoop, spite: str
) -> None:
    def behave(dial: Dial) -> None:
        def turn_away() -> None:
            dial.answer()
            if "drain" in spite:
                dial.worker.data_received(DRAIN)
            if "close" in spite:
                loop.call_later(0.11, dial.drop)

        loop.call_soon(turn_away)

    net.behaviour = behave
    net.bridge.start()
    loop.settle()
    loop.pass_time(60)
    assert 3 < len(net.dials) < 60
    assert len(net.bridge.links) <= 8


def test_a_server_that_never_speaks_as_a_portal_is_told_as_such(net: Net, loop: FakeLoop) -> None:
    net.behaviour = Dial.stand
    net.bridge.start()
    loop.pass_time(ANSWER_TIMEOUT + 0.5)
    assert net.dials[0].worker.closed
    assert net.bridge.links == []
    assert (net.bridge.state, net.bridge.fault) == ("waiting", "closed")
    assert net.bridge.error == "the server took the connection but does not answer as a portal"


def test_a_network_change_dials_at_once_whatever_the_delay(net: Net, loop: FakeLoop) -> None:
    net.behaviour = Dial.fail
    net.bridge.start()
    loop.pass_time(200)
    made = len(net.dials)
    net.bridge.check()
    assert len(net.dials) == made + 1
    loop.pass_time(1)
    assert len(net.dials) > made + 4


def test_delays_follow_the_outage() -> None:
    assert [retry_delay(outage, 0) for outage in (0, 8, 80, 1000)] == [0.1, 1, 10, 15]
    assert retry_delay(8, 1) == 0.75


OURS, PORTALS = (
    extension.Hello(extension.FEATURES, extension.MIN_WINDOW, instance * 16) for instance in (b"b", b"p")
)


def forward(net: Net) -> Side:
    """Somebody on the desktop wants what is beside the portal."""
    side = Side()
    net.bridge.connect(Session("local", "tunnel", TARGET), side)
    return side


def test_what_goes_to_the_portal_waits_for_a_link(loop: FakeLoop) -> None:
    net = Net(loop, OURS)
    net.bridge.start()
    side = forward(net)
    net.dials[0].answer()
    net.dials[0].worker.data_received(PORTALS.encode())
    assert side.transport is not None
    assert side.transport.worker is net.dials[0].worker


def test_it_waits_no_longer_than_is_bearable_and_not_for_a_stock_portal(loop: FakeLoop) -> None:
    net = Net(loop, OURS)
    net.behaviour = Dial.fail
    net.bridge.start()
    side = forward(net)
    loop.pass_time(waiting.PATIENCE - 0.1)
    assert not side.ended
    loop.pass_time(0.2)
    assert isinstance(side.ended[0], RefusedError)
    assert "is down: refused" in str(side.ended[0])
    stock = Net(loop, OURS)
    stock.up()
    assert "needs xrgui at the other end" in str(forward(stock).ended[0])
    stock.bridge.stop()
    assert "is down" in str(forward(stock).ended[0])


def test_rivals_that_came_up_together_are_let_go_once_nobody_is_on_them(loop: FakeLoop) -> None:
    """Those that the answers of a network that froze have made stand at once."""
    net = Net(loop, OURS, warm=1)
    net.bridge.start()
    loop.pass_time(0.6)
    first, second, third = net.dials
    for dial in (first, second, third):
        dial.stand()
    for dial in (first, second, third):
        dial.worker.data_received(FIRST + PORTALS.encode())
        quiet([dial])
    assert net.bridge.state == "up"
    assert not first.worker.closed
    loop.pass_time(0.5)
    third.worker.streams[2] = cast(Any, Side())
    for _ in range(3):
        quiet([first, second, third])
        loop.pass_time(0.5)
    assert second.worker.closed
    assert not third.worker.closed, "somebody is on it"
    del third.worker.streams[2]
    for _ in range(3):
        quiet([first, second, third])
        loop.pass_time(0.5)
    assert third.worker.closed
    assert [link.worker for link in net.bridge.links] == [first.worker]
    assert net.bridge.error == ""
    assert net.open == 1
