"""Two workers on a real socket pair: streams, credits, ends, fairness."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from xrgui.address import Destination, Network
from xrgui.engine.mux import brake, extension, frames
from xrgui.engine.mux.connection import Opened
from xrgui.engine.mux.packets import PacketStream
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.worker import MuxWorker

TARGET = Destination(Network.TCP, "service.test", 80)
UDP_TARGET = Destination(Network.UDP, "service.test", 53)


class Recorder(asyncio.Protocol):
    """A local side: keeps what comes and lets a test wait for it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.data = bytearray()
        self.packets: list[tuple[bytes, Destination | None]] = []
        self.eof = False
        self.ended: list[Exception | None] = []
        self.write_paused = False
        self.changed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.changed.set()

    def datagram_received(self, data: bytes, where: Destination | None) -> None:
        self.packets.append((data, where))
        self.changed.set()

    def eof_received(self) -> bool:
        self.eof = True
        self.changed.set()
        return True

    def pause_writing(self) -> None:
        self.write_paused = True

    def resume_writing(self) -> None:
        self.write_paused = False
        self.changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.append(exc)
        self.changed.set()

    async def until(self, condition: Callable[[Recorder], object]) -> None:
        async with asyncio.timeout(20):
            while not condition(self):
                self.changed.clear()
                await self.changed.wait()


@dataclass
class Pair:
    portal: MuxWorker
    bridge: MuxWorker
    accepted: list[tuple[SubStream | PacketStream, Opened, Recorder]] = field(default_factory=list)
    arrival: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, target: Destination = TARGET) -> tuple[SubStream, Recorder, SubStream, Recorder]:
        """A sub-connection, seen from the portal and from the bridge."""
        here = Recorder()
        self.arrival.clear()
        stream = self.portal.open(target, here)
        async with asyncio.timeout(5):
            await self.arrival.wait()
        other, _, there = self.accepted[-1]
        return stream, here, other, there  # type: ignore[return-value]


Connect = Callable[..., "asyncio.Future[Pair]"]


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., object]]:
    made: list[Pair] = []

    async def make(*, portal_speaks: bool = True, bridge_speaks: bool = True, window: int = 512 * 1024) -> Pair:
        def hello(speaks: bool, name: bytes) -> extension.Hello | None:
            return extension.Hello(extension.FEATURES, window, name * 16) if speaks else None

        def accept(stream: SubStream | PacketStream, opened: Opened) -> None:
            recorder = Recorder()
            stream.set_protocol(recorder)
            recorder.connection_made(stream)
            pair.accepted.append((stream, opened, recorder))
            pair.arrival.set()

        greeted = asyncio.Event()
        portal = MuxWorker(client=True, lost=lambda *_: None, hello=hello(portal_speaks, b"p"))
        portal.heard_hello = lambda _: greeted.set()
        bridge = MuxWorker(client=False, lost=lambda *_: None, accept=accept, hello=hello(bridge_speaks, b"b"))
        pair = Pair(portal, bridge)
        made.append(pair)
        loop = asyncio.get_running_loop()
        left, right = socket.socketpair()
        await loop.create_connection(lambda: portal, sock=left)
        await loop.create_connection(lambda: bridge, sock=right)
        if portal_speaks:
            portal.put_control(portal.hello.encode())
        if portal_speaks and bridge_speaks:
            async with asyncio.timeout(5):
                await greeted.wait()
        return pair

    yield make
    for pair in made:
        pair.portal.abort(ConnectionResetError("test over"))
        pair.bridge.abort(ConnectionResetError("test over"))


SPEAKERS = pytest.mark.parametrize(("portal_speaks", "bridge_speaks"), [(True, True), (True, False), (False, False)])


@SPEAKERS
async def test_bytes_cross_both_ways_and_an_end_is_seen(connect, portal_speaks, bridge_speaks) -> None:
    pair = await connect(portal_speaks=portal_speaks, bridge_speaks=bridge_speaks)
    stream, here, other, there = await pair.open()
    assert stream.credited is other.credited is (portal_speaks and bridge_speaks)
    stream.write(b"question")
    await there.until(lambda r: r.data == b"question")
    other.write(b"answer")
    await here.until(lambda r: r.data == b"answer")
    other.close()
    await here.until(lambda r: r.ended)
    assert here.ended == [None]
    await there.until(lambda r: r.ended)
    assert not pair.portal.streams
    assert not pair.bridge.streams


@SPEAKERS
async def test_bulk_arrives_whole_though_the_reader_pauses(connect, portal_speaks, bridge_speaks) -> None:
    pair = await connect(portal_speaks=portal_speaks, bridge_speaks=bridge_speaks, window=64 * 1024)
    _, here, other, there = await pair.open()
    payload = hashlib.shake_128(b"bulk").digest(5_000_000)
    sent = 0
    while sent < len(payload):
        if there.write_paused:
            await there.until(lambda r: not r.write_paused)
        other.write(payload[sent : sent + 200_000])
        sent += 200_000
        if sent % 1_000_000 == 0:
            here.transport.pause_reading()
            asyncio.get_running_loop().call_later(0.01, here.transport.resume_reading)
    await here.until(lambda r: len(r.data) == len(payload))
    assert hashlib.sha256(here.data).digest() == hashlib.sha256(payload).digest()


async def test_a_stalled_reader_stops_its_sender_and_nobody_else(connect) -> None:
    pair = await connect(window=64 * 1024)
    _, slow, slow_far, slow_source = await pair.open()
    _, quick, quick_far, _ = await pair.open()
    slow.transport.pause_reading()
    slow_far.write(bytes(1_000_000))
    assert slow_source.write_paused
    quick_far.write(b"x" * 50_000)
    await quick.until(lambda r: len(r.data) == 50_000)
    assert slow_far.sent == 64 * 1024
    slow.transport.resume_reading()
    await slow.until(lambda r: len(r.data) == 1_000_000)
    await slow_source.until(lambda r: not r.write_paused)


async def test_who_stops_reading_from_a_peer_without_credits_ends_alone(connect, monkeypatch) -> None:
    monkeypatch.setattr(brake, "PATIENCE", 0.05)
    pair = await connect(bridge_speaks=False)
    pair.portal.buffer_limit = 100_000
    _, slow, slow_far, _ = await pair.open()
    _, quick, quick_far, _ = await pair.open()
    slow.transport.pause_reading()
    slow_far.write(bytes(300_000))
    await slow.until(lambda r: r.ended)
    assert "too slowly" in str(slow.ended[0])
    quick_far.write(b"still here")
    await quick.until(lambda r: r.data == b"still here")


@pytest.mark.parametrize("company", [False, True])
async def test_who_is_slower_than_a_link_without_credits_gets_everything(connect, company) -> None:
    """The whole link waits for it, as between stock peers, and no more is held than may be."""
    pair = await connect(bridge_speaks=False)
    if company:
        await pair.open()
    pair.portal.buffer_limit = 100_000
    stream, slow, slow_far, _ = await pair.open()
    size = 3_000_000
    slow_far.write(bytes(size))
    most = 0
    while len(slow.data) < size:
        slow.transport.pause_reading()
        for _ in range(20):
            await asyncio.sleep(0)
        most = max(most, stream.held_size)
        slow.transport.resume_reading()
        await asyncio.sleep(0)
    assert 100_000 < most < 1_000_000
    assert not pair.portal.brake.on


async def test_half_close_between_two_of_ours(connect) -> None:
    pair = await connect()
    stream, here, other, there = await pair.open()
    stream.write(b"all I say")
    stream.write_eof()
    await there.until(lambda r: r.eof)
    other.write(b"late answer")
    await here.until(lambda r: r.data == b"late answer")
    other.write_eof()
    await here.until(lambda r: r.eof and r.ended)
    await there.until(lambda r: r.ended)
    assert (here.ended, there.ended) == ([None], [None])
    assert not pair.portal.streams
    assert not pair.bridge.streams


async def test_a_visitors_half_close_still_gets_the_reply_of_a_stock_bridge(connect) -> None:
    """v2ray 4.34 goes on sending after an End (muxcool.md, section 6)."""
    pair = await connect(portal_speaks=False)
    stream, here, other, _ = await pair.open()
    stream.write(b"question")
    stream.write_eof()
    stream.worker.loop.call_soon(lambda: None)
    pair.bridge.put(other.id, b"late", 4)
    await here.until(lambda r: r.data == b"late")


async def test_half_close_towards_a_bridge_of_ours_without_credits_ends(connect) -> None:
    """It answers the End, as stock bridges do: nothing else would end the visitor."""
    pair = await connect(portal_speaks=False)
    stream, here, _, there = await pair.open()
    stream.write_eof()
    await there.until(lambda r: r.ended)
    await here.until(lambda r: r.eof or r.ended)
    stream.close()
    await here.until(lambda r: r.ended)
    assert not pair.portal.streams
    assert not pair.bridge.streams


async def test_half_close_before_the_introductions_still_gets_the_reply(connect) -> None:
    """A visitor who waited for the bridge comes before its HELLO, so without credits."""
    pair = await connect(portal_speaks=False)
    assert pair.portal.hello is None
    greeting = extension.Hello(extension.FEATURES, 512 * 1024, b"p" * 16)
    stream, here, other, there = await pair.open()
    pair.portal.put_control(greeting.encode())
    stream.write(b"question")
    stream.write_eof()
    await there.until(lambda r: r.eof)
    assert there.data == b"question"
    assert other.can_write_eof()
    other.write(b"late answer")
    other.write_eof()
    await here.until(lambda r: r.eof or r.ended)
    assert here.data == b"late answer"
    await there.until(lambda r: r.ended)


async def test_abort_is_an_error_at_the_other_end(connect) -> None:
    pair = await connect()
    stream, _, _, there = await pair.open()
    stream.abort()
    await there.until(lambda r: r.ended)
    assert isinstance(there.ended[0], ConnectionResetError)


async def test_a_reason_travels_with_a_reset(connect) -> None:
    pair = await connect()
    _, here, other, _ = await pair.open()
    other.stop(extension.DENIED, "not one of the services")
    await here.until(lambda r: r.ended)
    assert str(here.ended[0]) == "not one of the services"


@SPEAKERS
async def test_datagrams_keep_their_borders(connect, portal_speaks, bridge_speaks) -> None:
    pair = await connect(portal_speaks=portal_speaks, bridge_speaks=bridge_speaks)
    stream, here, other, there = await pair.open(UDP_TARGET)
    stream.sendto(b"one")
    stream.sendto(b"two")
    await there.until(lambda r: len(r.packets) == 2)
    assert [p for p, _ in there.packets] == [b"one", b"two"]
    other.sendto(b"three", Destination(Network.UDP, "10.1.1.1", 9))
    await here.until(lambda r: r.packets)
    assert here.packets == [(b"three", Destination(Network.UDP, "10.1.1.1", 9))]


async def test_an_oversize_datagram_is_dropped_since_it_would_end_a_stock_link(connect) -> None:
    pair = await connect(portal_speaks=False)
    stream, _, _, there = await pair.open(UDP_TARGET)
    stream.sendto(bytes(2049))
    stream.sendto(bytes(2048))
    await there.until(lambda r: r.packets)
    assert [len(p) for p, _ in there.packets] == [2048]


async def test_ids_skip_zero_and_live_ones(connect) -> None:
    pair = await connect()
    stream, *_ = await pair.open()
    pair.portal._next_id = 0x7FFE
    ids = [(await pair.open())[0].id for _ in range(3)]
    assert stream.id == 1
    assert ids == [0x7FFF, 2, 3]


async def test_towards_a_stock_peer_the_ids_go_to_the_end(connect) -> None:
    pair = await connect(bridge_speaks=False)
    pair.portal._next_id = 65534
    assert [(await pair.open())[0].id for _ in range(2)] == [65535, 1]


async def test_a_bridge_opens_in_the_upper_half_and_only_towards_an_equal(connect) -> None:
    pair = await connect()
    arrived: list[SubStream] = []
    there = Recorder()

    def accept(stream: SubStream, _: Opened) -> None:
        arrived.append(stream)
        stream.set_protocol(there)
        there.connection_made(stream)

    pair.portal._accept = accept
    here = Recorder()
    stream = pair.bridge.open(TARGET, here)
    stream.write(b"to the portal")
    await there.until(lambda r: r.data)
    assert stream.id == arrived[0].id == 0x8000
    arrived[0].fail(ConnectionRefusedError("nobody listens"))
    await here.until(lambda r: r.ended)
    assert (here.ended[0].code, str(here.ended[0])) == (extension.REFUSED, "nobody listens")
    assert not pair.portal.streams
    assert not pair.bridge.streams
    pair.bridge._ids = (1, 0x7FFF)
    pair.bridge.open(TARGET, refused := Recorder())
    await refused.until(lambda r: r.ended)
    assert len(arrived) == 1


async def test_a_raising_local_side_ends_alone(connect, caplog) -> None:
    pair = await connect()
    stream, here, _, there = await pair.open()
    _, quick, quick_far, _ = await pair.open()

    def fail(_: bytes) -> None:
        raise RuntimeError("write to a closing transport")

    there.data_received = fail
    stream.write(b"boom")
    await here.until(lambda r: r.ended)
    quick_far.write(b"fine")
    await quick.until(lambda r: r.data == b"fine")


async def test_a_lost_link_ends_every_stream(connect) -> None:
    pair = await connect()
    _, first, _, _ = await pair.open()
    _, second, _, far = await pair.open()
    pair.portal.abort(ConnectionResetError("cut"))
    assert str(first.ended[0]) == str(second.ended[0]) == "cut"
    await far.until(lambda r: r.ended)


async def test_the_echo_ping_measures_the_round_trip_with_any_peer(connect) -> None:
    pair = await connect(portal_speaks=False, bridge_speaks=False)
    for worker in (pair.portal, pair.bridge):
        worker.ping()
        async with asyncio.timeout(5):
            while worker.rtt is None:
                await asyncio.sleep(0)
        assert 0 < worker.rtt < 1
        assert not worker.echoes


async def test_keep_alive_garbage_before_and_after_hello_changes_nothing(connect) -> None:
    pair = await connect()
    stream, here, other, _ = await pair.open()
    for data in (b"", b"\x03", b"\x03" + bytes(40), b"\xff" * 9, b"\x01xrgui-mx", b"\x04" + bytes(3)):
        pair.bridge.put_control(frames.keep_alive(0, data))
    other.write(b"on it goes")
    await here.until(lambda r: r.data == b"on it goes")
    assert stream.limit >= 512 * 1024


async def test_small_answers_overtake_downloads_on_a_full_link(connect) -> None:
    """Bytes that a full link holds back leave in turns, the new ones first."""
    pair = await connect(window=8 * 1024 * 1024)
    downloads = [await pair.open() for _ in range(4)]
    _, small, small_far, _ = await pair.open()
    pair.portal.transport.pause_reading()
    for *_, far, _ in downloads:
        far.write(bytes(4_000_000))
    async with asyncio.timeout(5):
        while not pair.bridge.blocked:
            await asyncio.sleep(0)
    for *_, far, _ in downloads:
        far.write(bytes(1_000_000))
    small_far.write(b"quick")
    waiting = sum(far.queued for *_, far, _ in downloads)
    assert waiting > 2_000_000
    pair.portal.transport.resume_reading()
    await small.until(lambda r: r.data == b"quick")
    assert sum(far.queued for *_, far, _ in downloads) > waiting / 2


async def test_a_forged_id_or_a_backward_credit_does_no_harm(connect) -> None:
    pair = await connect()
    stream, here, other, _ = await pair.open()
    limit = other.limit
    for message in (extension.Credit(999, 5, 5), extension.Credit(stream.id, 1 << 40, 1 << 30)):
        pair.portal.put_control(message.encode())
    stream.write(b"?")
    other.write(b"!")
    await here.until(lambda r: r.data == b"!")
    assert other.limit == limit
