"""What hostile visitors cost is bounded, and the others go on."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.pair import LOOPBACK, Pair, apply, listening, pair, until
from tests.engine.sleepers import flood, sleepers
from xrgui.address import Destination, Network
from xrgui.config.model import Limits
from xrgui.engine.limits import Crowd, Doorway, RareLog, address_of
from xrgui.engine.session import Session

TARGET = Destination(Network.TCP, "service.test", 80)


def session(host: str | None) -> Session:
    source = Destination(Network.TCP, host, 1000) if host else None
    return Session("in", "tunnel", TARGET, source=source)


class TestCrowd:
    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("192.0.2.1", "192.0.2.1", True),
            ("192.0.2.1", "192.0.2.2", False),
            ("2001:db8::1", "2001:db8::ffff:1", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("fe80::1%eth0", "fe80::2%eth0", True),
            ("not:an:address", "not:an:address", True),
        ],
    )
    def test_who_counts_as_one(self, one: str, other: str, same: bool) -> None:
        assert (address_of(one) == address_of(other)) == same

    def test_an_address_and_all_together_are_limited(self) -> None:
        crowd = Crowd()
        crowd.limits = Limits(per_address=2, connections=4)
        inside = [session("192.0.2.1"), session("192.0.2.1"), session(None)]
        for one in inside:
            assert not crowd.refusal(one)
            crowd.enter(one)
        assert "192.0.2.1 has 2" in crowd.refusal(session("192.0.2.1"))
        assert not crowd.refusal(session(None))
        crowd.enter(session("192.0.2.2"))
        assert "4 connections" in crowd.refusal(session(None))
        crowd.leave(inside[0])
        assert not crowd.refusal(session("192.0.2.1"))

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", None])))
    def test_nothing_is_left_when_all_are_gone(self, hosts: list[str | None]) -> None:
        crowd = Crowd()
        sessions = [session(host) for host in hosts]
        for one in sessions:
            crowd.enter(one)
        for one in sessions:
            crowd.leave(one)
        assert (crowd._total, crowd._by_address) == (0, {})


def test_frequent_lines_are_counted_instead(caplog: pytest.LogCaptureFixture) -> None:
    rare = RareLog(logging.getLogger("xrgui.test"))
    for second in (0, 1, 2, 11):
        rare.warning(second, "refused %s", "you")
    assert [record.getMessage() for record in caplog.records] == [
        "refused you",
        "refused you (2 more since the last such line)",
    ]


class Guest:
    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True
        self.doorway.leave(self)


async def test_a_full_doorway_lets_the_oldest_go() -> None:
    doorway = Doorway()
    doorway.most = 3
    guests = [Guest(doorway) for _ in range(5)]
    for guest in guests:
        doorway.enter(guest)
    assert [guest.dropped for guest in guests] == [True, True, False, False, False]
    assert doorway.refused == 2
    assert len(doorway) == 3


# Two ends


async def refused(tunnel: Pair) -> bool:
    reader, writer = await tunnel.visit()
    try:
        return not await reader.read(1)
    except ConnectionResetError:
        return True
    finally:
        writer.close()


async def test_too_many_visitors_are_refused_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async with flood() as port, pair(port, limits={"perAddress": 3}) as tunnel:
        first = await sleepers(tunnel, 3)
        for _ in range(4):
            assert await refused(tunnel)
        assert len(tunnel.portal.sessions) == 3
        assert tunnel.portal.totals().refused == 4
        assert sum("refused a visitor" in record.getMessage() for record in caplog.records) == 1
        first[0].transport.abort()
        await until(lambda: len(tunnel.portal.sessions) == 2)
        (again,) = await sleepers(tunnel, 1)
        for one in (*first, again):
            one.transport.abort()
        await until(lambda: not tunnel.portal.sessions)


async def test_how_long_visitors_wait_for_a_link_is_told_to_both_ends() -> None:
    async with flood() as port, pair(port, limits={"resume": 7}) as tunnel:
        ends = [*tunnel.portal._portals.values(), *(bridge for _, bridge in tunnel.portal._bridges.values())]
        assert [end.resumption.grace for end in ends] == [7]


async def test_limits_change_while_visitors_stay() -> None:
    async with flood() as port, pair(port) as tunnel:
        (first,) = await sleepers(tunnel, 1)
        inbound = tunnel.portal._inbounds["links"][1]
        settings = dict(tunnel.settings)
        await apply(tunnel.portal, {**settings, "limits": {"connections": 1, "handshakes": 7}})
        assert tunnel.portal._inbounds["links"][1] is inbound
        assert inbound.doorway.most == 7
        assert await refused(tunnel)
        assert not first.lost
        first.transport.abort()


async def test_silent_strangers_do_not_keep_a_bridge_out() -> None:
    async with pair(9, limits={"handshakes": 5}) as tunnel:
        port = listening(tunnel.portal, "links")
        strangers = [await asyncio.open_connection(LOOPBACK, port) for _ in range(20)]
        doorway = tunnel.portal._inbounds["links"][1].doorway
        await until(lambda: doorway.refused == 15)
        assert tunnel.portal.totals().refused == 15
        before = len(tunnel.portal_links)
        tunnel.bridge_links[0].abort(ConnectionResetError("for the test"))
        await until(lambda: len(tunnel.portal_links) >= before)
        for _, writer in strangers:
            writer.close()
