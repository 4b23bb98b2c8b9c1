"""What hostile visitors cost is bounded, and the others go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.pair import LOOPBACK, Pair, apply, listening, pair, until
from xrgui.address import Destination, Network
from xrgui.config.model import Limits
from xrgui.engine import limits
from xrgui.engine.limits import LEAST_WINDOW, Crowd, Doorway, Memory, RareLog, address_of, memory
from xrgui.engine.mux.substream import SubStream
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


def test_windows_shrink_as_memory_does() -> None:
    room = Memory()
    room.budget = 1000
    wanted = 16 * LEAST_WINDOW
    sizes = []
    for room.used in (0, 500, 750, 1000, 2000):
        sizes.append(room.window(wanted))
    assert sizes == [wanted, wanted, wanted // 2, LEAST_WINDOW, LEAST_WINDOW]
    assert room.window(1000) == 1000


class Holder:
    """A sub-connection as far as `Memory` looks at it."""

    lost = False

    def __init__(self, room: Memory, weight: int, credited: bool) -> None:
        self.room = room
        self.weight = weight
        self.credited = credited

    def overflow(self, code: int, text: str, *, quiet: bool) -> None:
        self.room.used -= self.weight
        self.weight = 0


@pytest.mark.parametrize(
    ("used", "left"),
    [(800, [300, 100, 250, 150]), (870, [300, 100, 0, 150]), (1200, [300, 100, 0, 0]), (1400, [0, 100, 0, 0])],
)
async def test_who_has_no_credits_ends_first_then_who_holds_most(
    used: int, left: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Memory()
    room.budget, room.used = 920, used
    holders = [Holder(room, 300, True), Holder(room, 100, True), Holder(room, 250, False), Holder(room, 150, False)]
    monkeypatch.setattr(Memory, "_holders", lambda self: holders)
    for _ in range(3):
        room.exceeded(asyncio.get_running_loop())
    await asyncio.sleep(0)
    assert [holder.weight for holder in holders] == left


# Two ends


@pytest.fixture
def budget() -> Iterator[Memory]:
    """The process's, set back afterwards; nothing may be held when a test ends."""
    former = memory.budget
    yield memory
    memory.budget = former


@asynccontextmanager
async def flood() -> AsyncIterator[int]:
    """A server that sends without end."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class Sleeper(asyncio.Protocol):
    """A visitor who stops reading after the first bytes."""

    def __init__(self) -> None:
        self.lost = False
        self.begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.begun = True
        self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


async def sleepers(tunnel: Pair, count: int) -> list[Sleeper]:
    loop = asyncio.get_running_loop()
    found = [(await loop.create_connection(Sleeper, LOOPBACK, tunnel.port))[1] for _ in range(count)]
    await until(lambda: all(one.begun for one in found))
    return found


async def refused(tunnel: Pair) -> bool:
    reader, writer = await tunnel.visit()
    try:
        return not await reader.read(1)
    except ConnectionResetError:
        return True
    finally:
        writer.close()


def held() -> int:
    return sum(stream.weight for stream in memory._holders())


async def settled() -> None:
    """What moves has come to a stand."""
    before = -1
    while before != memory.used:
        before = memory.used
        await asyncio.sleep(0.3)


async def test_what_is_held_is_counted_and_given_back(budget: Memory) -> None:
    start = memory.used
    async with flood() as port, pair(port) as tunnel:
        stalled = await sleepers(tunnel, 5)
        await settled()
        assert memory.used > start + 1_000_000
        assert memory.used - start == held()
        for one in stalled:
            one.transport.abort()
        await until(lambda: memory.used == start)
    assert memory.used == start


async def test_tiny_pieces_are_held_as_big_ones() -> None:
    async with flood() as port, pair(port) as tunnel:
        (visitor,) = await sleepers(tunnel, 1)
        worker = next(
            link for link in tunnel.portal_links if any(isinstance(s, SubStream) for s in link.streams.values())
        )
        (stream,) = worker.holders
        await until(lambda: stream.paused)
        await settled()
        pieces = len(stream.held or ())
        for _ in range(10_000):
            stream.feed(b"xy")
        assert len(stream.held or ()) <= pieces + 6
        visitor.transport.abort()


async def test_over_the_budget_the_largest_end_and_the_link_goes_on(
    budget: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    start = memory.used
    async with flood() as port, pair(port) as tunnel:
        budget.budget = start + 8 * 1024 * 1024
        stalled = await sleepers(tunnel, 20)
        await settled()
        assert memory.used <= budget.budget
        budget.budget += 32 * 1024 * 1024
        reader, writer = await tunnel.visit()
        assert len(await reader.readexactly(400_000)) == 400_000
        writer.transport.abort()
        for one in stalled:
            one.transport.abort()
        await until(lambda: memory.used == start)
    lines = [record for record in caplog.records if record.name == limits.__name__]
    assert len(lines) == 1
    assert "sub-connections ended: " in lines[0].getMessage()


async def test_under_pressure_windows_shrink_and_no_byte_is_lost(budget: Memory) -> None:
    start = memory.used
    async with flood() as port, pair(port) as tunnel:
        reader, writer = await tunnel.visit()
        budget.budget = start + 100 * 1024 * 1024
        memory.used += 80 * 1024 * 1024
        for _ in range(100):
            assert await reader.readexactly(100_000) == b"x" * 100_000
        streams = [s for link in tunnel.portal_links for s in link.streams.values() if isinstance(s, SubStream)]
        assert [stream.window for stream in streams] == [LEAST_WINDOW]
        memory.used -= 80 * 1024 * 1024
        writer.transport.abort()
        await until(lambda: memory.used == start)


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
