"""What the process holds for visitors is bounded: windows shrink, and who holds much for long ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.engine.pair import pair, until
from tests.engine.sleepers import flood, sleepers
from xrgui.engine import memory as module
from xrgui.engine.memory import LEAST_WINDOW, Memory, memory
from xrgui.engine.mux.substream import SubStream


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

    def __init__(self, room: Memory, weight: int, pace: int = 0) -> None:
        """*pace*: bytes that go on between two looks."""
        self.room = room
        self.weight = weight
        self.pace = pace
        self.progress = 0
        room.used += weight

    def give_way(self, text: str) -> None:
        self.room.used -= self.weight
        self.weight = 0


async def looks(room: Memory, holders: list[Holder], count: int) -> None:
    """Let *count* looks pass."""
    room.pressed(asyncio.get_running_loop())
    for _ in range(count):
        timer = room._timer
        assert timer is not None
        for one in holders:
            one.progress += one.pace
        async with asyncio.timeout(5):
            while room._timer is timer:
                await asyncio.sleep(0.005)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 0.01)


@pytest.mark.parametrize(
    ("over", "left"),
    [(0, [300, 100, 250, 150]), (1, [300, 100, 0, 150]), (300, [300, 100, 0, 0]), (350, [300, 0, 0, 0])],
)
async def test_who_stands_still_ends_before_the_largest(
    over: int, left: list[int], monkeypatch: pytest.MonkeyPatch, often: None
) -> None:
    room = Memory()
    holders = [Holder(room, 300, 3000), Holder(room, 100, 100), Holder(room, 250), Holder(room, 150, 1)]
    monkeypatch.setattr(Memory, "_holders", lambda self: holders)
    room.budget = 800
    await looks(room, holders, 3)
    room.used += over
    for _ in range(3):
        room.pressed(asyncio.get_running_loop())
    await asyncio.sleep(0)
    assert [holder.weight for holder in holders] == left
    room.budget = 1 << 40


async def test_before_anything_is_known_the_largest_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Memory()
    holders = [Holder(room, 300), Holder(room, 100), Holder(room, 250)]
    monkeypatch.setattr(Memory, "_holders", lambda self: holders)
    room.budget = 600
    room.pressed(asyncio.get_running_loop())
    await asyncio.sleep(0)
    assert [holder.weight for holder in holders] == [0, 100, 250]
    room.budget = 1 << 40


async def test_while_there_is_plenty_nobody_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, often: None
) -> None:
    room = Memory()
    holders = [Holder(room, 300)]
    monkeypatch.setattr(Memory, "_holders", lambda self: holders)
    room.budget = 1000
    assert room.alarm == 250
    await looks(room, holders, 2)
    assert room.alarm == 1000
    room.used = 200
    async with asyncio.timeout(5):
        while room._timer is not None:
            await asyncio.sleep(0.005)
    assert (room.alarm, room._marks, room._former) == (250, {}, {})


# Two ends


@pytest.fixture
def budget(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    """The process's, set back afterwards; nothing may be held when a test ends."""
    monkeypatch.setattr(memory._rare, "_quiet_until", 0.0)
    former = memory.budget
    yield memory
    memory.budget = former


def streams_of(links: list[object]) -> list[SubStream]:
    return [stream for link in links for stream in link.streams.values() if isinstance(stream, SubStream)]  # type: ignore[attr-defined]


def held() -> int:
    return sum(stream.weight for stream in memory._holders())


async def settled() -> None:
    """What moves has come to a stand."""
    before = -1
    while before != memory.used:
        before = memory.used
        await asyncio.sleep(0.3)


async def test_what_is_held_is_counted_and_given_back(budget: Memory) -> None:
    start, others = memory.used, held()
    async with flood() as port, pair(port) as tunnel:
        stalled = await sleepers(tunnel, 5)
        await settled()
        assert memory.used > start + 1_000_000
        assert memory.used - start == held() - others
        for one in stalled:
            one.transport.abort()
        await until(lambda: memory.used == start)
    assert memory.used == start


async def test_tiny_pieces_are_held_as_big_ones() -> None:
    async with flood() as port, pair(port) as tunnel:
        (visitor,) = await sleepers(tunnel, 1)
        worker = next(
            link
            for link in tunnel.portal_links
            if any(isinstance(s, SubStream) for s in link.streams.values())
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
    lines = [record for record in caplog.records if record.name == module.__name__]
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
        streams = [
            s for link in tunnel.portal_links for s in link.streams.values() if isinstance(s, SubStream)
        ]
        assert [stream.window for stream in streams] == [LEAST_WINDOW]
        memory.used -= 80 * 1024 * 1024
        writer.transport.abort()
        await until(lambda: memory.used == start)


async def test_a_quick_download_goes_on_where_hoarders_end(budget: Memory, often: None) -> None:
    start = memory.used
    async with flood() as port, pair(port) as tunnel:
        stalled = await sleepers(tunnel, 6)
        await settled()
        reader, writer = await tunnel.visit()
        await reader.readexactly(1_000_000)
        budget.budget = (memory.used - start) * 6 // 5
        while len(memory._former) < 7 or len(tunnel.portal.sessions) < 7:
            await reader.readexactly(100_000)
        missing = budget.budget - memory.used + 1
        memory.used += missing
        await reader.readexactly(10_000_000)
        assert len(tunnel.portal.sessions) < 7
        memory.used -= missing
        await reader.readexactly(1_000_000)
        writer.transport.abort()
        for one in stalled:
            one.transport.abort()
        await until(lambda: memory.used == start)


async def test_what_was_taken_is_not_kept_by_the_sender(budget: Memory) -> None:
    """A visitor who rests after an answer below a quarter of the window."""
    start = memory.used

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 100_000)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, pair(server.sockets[0].getsockname()[1]) as tunnel:
        reader, writer = await tunnel.visit()
        await reader.readexactly(100_000)
        await until(lambda: memory.used == start)
        assert len(streams_of(tunnel.portal_links)) == 1
        writer.close()
        await until(lambda: not tunnel.bridge.sessions)
