"""Links that return at the worst moment, by a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.clock import FakeLoop
from tests.fuzz.wire import TARGET, Pair, Side
from xrgui.engine.memory import memory
from xrgui.engine.mux import extension, frames, health, resumption, worker
from xrgui.engine.mux.worker import MuxWorker


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLoop]:
    with FakeLoop() as made:
        for module in (health, worker):
            monkeypatch.setattr(module, "monotonic", made.time)
        yield made


@pytest.fixture
def pair(loop: FakeLoop) -> Iterator[Pair]:
    used = memory.used
    made = Pair(loop, equal=True)
    made.heal()
    yield made
    for side in made.sides():
        if side.transport is not None:
            side.transport.abort()
    for link in made.links:
        for one in link[:2]:
            one.abort(ConnectionResetError("over"))
    loop.settle()
    assert [list(one.streams) for one in made.resumptions] == [[], []]
    assert [one.parked for one in made.resumptions] == [0, 0]
    assert memory.used == used


def asked(pair: Pair) -> tuple[Side, Side]:
    """A visitor whose question has reached the service; nobody has acknowledged anything."""
    pair.open()
    visitor = pair.visitors[-1]
    visitor.write(100)
    pair.deliver_all()
    pair.deliver_all()
    service = list(pair.services.values())[-1]
    assert service.received == 100
    assert visitor.transport is not None
    assert visitor.transport.acked == 0
    return visitor, service


def cut(pair: Pair, side: int) -> None:
    for number in range(len(pair.links)):
        pair.cut(number, side)


@pytest.mark.parametrize("side", [0, 1])
def test_what_one_side_has_given_up_is_not_opened_again_by_the_other(pair: Pair, loop: FakeLoop, side: int) -> None:
    """One notices the loss five seconds before the other: its grace ends, and then the link returns. The question was
    asked; it must not be asked twice."""
    visitor, service = asked(pair)
    cut(pair, side)
    loop.pass_time(5)
    cut(pair, 1 - side)
    loop.pass_time(resumption.GRACE - 4)
    assert bool(visitor.ended) is (side == 0)
    assert bool(service.ended) is (side == 1)
    pair.heal()
    assert len(pair.services) == 1
    loop.pass_time(resumption.GRACE)
    assert visitor.ended
    assert service.ended
    assert service.received == 100


def test_what_a_service_ended_while_the_link_was_away_is_not_opened_again(pair: Pair) -> None:
    visitor, service = asked(pair)
    cut(pair, 0)
    cut(pair, 1)
    assert service.transport is not None
    service.transport.fail(ConnectionResetError("the service has crashed"))
    pair.heal()
    assert len(pair.services) == 1
    assert visitor.ended


def test_what_a_visitor_sent_and_closed_is_not_opened_again(pair: Pair) -> None:
    """It arrived with its End; only the acknowledgement got lost."""
    visitor, _ = asked(pair)
    assert visitor.transport is not None
    visitor.transport.close()
    pair.deliver(0, 0, 1 << 20)
    pair.loop.settle()
    cut(pair, 0)
    cut(pair, 1)
    pair.heal()
    assert len(pair.services) == 1


def test_what_got_lost_with_its_link_is_still_opened(pair: Pair) -> None:
    pair.open()
    pair.visitors[-1].write(100)
    pair.loop.settle()
    cut(pair, 0)
    cut(pair, 1)
    pair.heal()
    (service,) = pair.services.values()
    assert service.received == 100
    assert not pair.visitors[-1].ended


@pytest.mark.parametrize("parked", [False, True])
def test_links_that_fail_again_and_again_keep_nothing_beyond_its_grace(
    pair: Pair, loop: FakeLoop, parked: bool
) -> None:
    """A visitor leaves as the link is lost (*parked*: just after), so that the service hears nothing of it. Links
    follow, each of which is lost before a grace time is over; another visitor stays on all of them."""
    stays, _ = asked(pair)
    leaves, service = asked(pair)
    assert leaves.transport is not None
    if parked:
        cut(pair, 0)
    leaves.transport.abort()
    cut(pair, 0)
    cut(pair, 1)
    for _ in range(3):
        assert not service.ended
        assert pair.resumptions[1].parked == 2
        loop.pass_time(resumption.GRACE / 3)
        pair.heal()
        cut(pair, 0)
        cut(pair, 1)
    assert service.ended
    assert pair.resumptions[1].parked == 1
    assert not stays.ended


def test_who_was_carried_meanwhile_has_his_whole_grace_again(pair: Pair, loop: FakeLoop) -> None:
    visitor, service = asked(pair)
    cut(pair, 0)
    cut(pair, 1)
    loop.pass_time(resumption.GRACE - 1)
    pair.heal()
    cut(pair, 0)
    cut(pair, 1)
    loop.pass_time(resumption.GRACE - 1)
    assert not visitor.ended
    assert not service.ended
    loop.pass_time(1)
    assert visitor.ended
    assert service.ended


@pytest.mark.parametrize("late", [-0.001, 0.0, 0.001])
def test_a_link_that_returns_as_the_grace_ends(pair: Pair, loop: FakeLoop, late: float) -> None:
    visitor, service = asked(pair)
    cut(pair, 0)
    cut(pair, 1)
    loop.pass_time(resumption.GRACE + late)
    pair.heal()
    assert bool(visitor.ended) is bool(service.ended) is (late >= 0)
    if late < 0:
        service.write(50)
        pair.deliver_all()
        pair.deliver_all()
        assert visitor.received == 50
        loop.pass_time(0.01)
        assert not visitor.ended


def test_a_portal_dies_while_fifty_resume(pair: Pair, loop: FakeLoop) -> None:
    """REOPEN has left and is not answered; then the portal is another process."""
    for _ in range(50):
        asked(pair)
    cut(pair, 0)
    cut(pair, 1)
    pair.link()
    for _ in range(3):  # HELLO, HELLO, REOPEN
        loop.settle()
        pair.deliver(len(pair.links) - 1, 0, 1 << 20)
        loop.settle()
        pair.deliver(len(pair.links) - 1, 1, 200)
    portal = pair.resumptions[0]
    cut(pair, 0)
    cut(pair, 1)
    portal.close()
    assert all(visitor.ended for visitor in pair.visitors)
    pair.names[0] = b"n" * 16
    pair.heal()
    assert all(service.ended for service in pair.services.values())
    assert len(pair.services) == 50


def test_both_sides_resume_over_different_links_at_once(pair: Pair, loop: FakeLoop) -> None:
    """Either end has opened some. Two links come at the same moment, and each end takes another one."""
    desktop = []
    for _ in range(10):
        asked(pair)
        side = Side()
        pair.links[0][1].open(TARGET, side)
        side.write(70)
        desktop.append(side)
        pair.deliver_all()
        pair.deliver_all()
    cut(pair, 0)
    cut(pair, 1)
    pair.link()
    pair.link()
    pair.deliver(len(pair.links) - 2, 0, 1 << 20)
    pair.deliver(len(pair.links) - 1, 0, 1 << 20)
    pair.deliver(len(pair.links) - 1, 1, 1 << 20)
    pair.heal()
    assert not any(side.ended for side in [*pair.sides(), *desktop])
    for side in [*pair.sides(), *desktop]:
        side.write(30)
    pair.heal()
    assert [side.received for side in pair.visitors] == [30] * 10
    assert sorted(side.received for side in pair.services.values()) == [100] * 10 + [130] * 10
    for side in desktop:
        assert side.transport is not None
        side.transport.abort()


def test_a_hello_that_is_said_again_changes_nothing(pair: Pair) -> None:
    portal, bridge, *_ = pair.links[-1]
    visitor, service = asked(pair)
    before = bridge.peer, portal.peer
    for one in (portal, bridge):
        other = extension.Hello(0, extension.MIN_WINDOW, b"other instance!!")
        one.data_received(other.encode() + one.peer.encode())  # type: ignore[union-attr]
    pair.heal()
    assert (bridge.peer, portal.peer) == before
    assert not visitor.ended
    assert not service.ended


def test_a_stranger_with_another_instance_gets_nothing_of_ours(pair: Pair) -> None:
    """He knows the uid, and even the id; not the instance."""
    visitor, service = asked(pair)
    cut(pair, 0)
    cut(pair, 1)
    assert visitor.transport is not None
    uid = visitor.transport.uid
    pair.names[1] = b"stranger" * 2
    pair.link()
    portal, bridge, *_ = pair.links[-1]
    for _ in range(2):
        pair.deliver_all()
    portal.data_received(extension.Reopen(5, uid, 0).encode())
    portal.data_received(frames.end(visitor.transport.id, error=True))
    pair.deliver_all()
    assert not visitor.ended
    assert not service.ended
    assert isinstance(bridge, MuxWorker)
    pair.names[1] = b"b" * 16
    pair.heal()
    service.write(9)
    pair.heal()
    assert visitor.received == 9


def test_a_visitor_who_leaves_while_he_resumes_is_no_disagreement(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    visitor, service = asked(pair)
    cut(pair, 0)
    cut(pair, 1)
    pair.link()
    for way in (0, 1):
        pair.loop.run()
        pair.deliver(-1, way, 1 << 20)
    assert pair.resumptions[0]._reopening
    assert visitor.transport is not None
    visitor.transport.abort()
    assert not pair.resumptions[0]._reopening
    for _ in range(2):
        pair.deliver_all()
    assert service.ended
    assert not caplog.records


@pytest.mark.parametrize("final", [True, False])
def test_nothing_is_kept_of_what_a_dead_link_has_asked(pair: Pair, final: bool) -> None:
    portal, bridge = pair.links[-1][:2]
    bridge.put_control(extension.Reopen(0x9000, 77, 0).encode())
    pair.deliver_all()
    assert pair.resumptions[0]._unknown
    portal.abort(ConnectionResetError("the peer talked nonsense"), final=final)
    assert not pair.resumptions[0]._unknown
