"""A hostile peer at the other end of a main connection: nothing grows without bound, and nobody else ends."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.engine.fake import FakeTransport, Upper
from xrgui.address import Destination, Network
from xrgui.config import model
from xrgui.config.model import Limits
from xrgui.engine.dispatcher import Dispatcher
from xrgui.engine.limits import QUIET
from xrgui.engine.memory import memory
from xrgui.engine.mux import extension, frames, link_writer, resumption, worker
from xrgui.engine.mux.connection import Ended, MuxConnection, Opened
from xrgui.engine.mux.packets import PacketStream
from xrgui.engine.mux.resumption import Resumption
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.worker import MuxWorker
from xrgui.engine.relay import PacketVisitorLeg
from xrgui.engine.resolver import Resolver
from xrgui.engine.reverse import portal
from xrgui.engine.reverse.portal import Portal
from xrgui.engine.roaming import MOST_FLOWS, RoamingFlows
from xrgui.engine.router import Router
from xrgui.engine.session import Session

TARGET = Destination(Network.TCP, "service.test", 80)
UDP = Destination(Network.UDP, "service.test", 53)
WINDOW = 1024 * 1024


class Wire(FakeTransport):
    """To a peer that reads at once, or not at all."""

    def __init__(self, *, unread: bool = False) -> None:
        super().__init__()
        self._unread = unread

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return len(self.written) if self._unread else 0


def hello(name: bytes) -> extension.Hello:
    return extension.Hello(extension.FEATURES, WINDOW, name * 16)


class Local(Upper):
    def __init__(self, stream: SubStream | PacketStream) -> None:
        super().__init__()
        stream.set_protocol(self)
        self.stream = stream


class Ends:
    """Links of one side with their peers' words written by hand."""

    def __init__(self) -> None:
        self.resumption = Resumption()
        self.links: list[MuxWorker] = []
        self.accepted: list[SubStream | PacketStream] = []

    def link(self, *, client: bool, peer: bytes = b"p", wire: Wire | None = None) -> MuxWorker:
        made = MuxWorker(client=client, lost=lambda *_: None, accept=self._accept, hello=hello(b"o"))
        made.resumption = self.resumption
        made.connection_made(wire or Wire())
        made.data_received(hello(peer).encode())
        assert made.peer is not None
        self.links.append(made)
        return made

    def _accept(self, stream: SubStream | PacketStream, _: Opened) -> None:
        Local(stream)
        self.accepted.append(stream)

    def close(self) -> None:
        for link in self.links:
            link.abort(ConnectionResetError("the test is over"))
        self.resumption.close()


@pytest.fixture
async def ends() -> object:
    made = Ends()
    before = memory.used
    yield made
    made.close()
    assert memory.used == before, "what is held for nobody counts for ever"


def said(link: MuxWorker) -> list[object]:
    link.flush()
    assert isinstance(link.transport, Wire)
    return MuxConnection().receive_data(link.transport.take())


async def test_who_asks_and_never_reads_is_given_up(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_writer, "MOST_UNREAD", 100_000)
    wire = Wire(unread=True)
    link = ends.link(client=False, wire=wire)
    link.pause_writing()
    questions = frames.keep_head(9, 1) + b"x"
    for _ in range(1000):
        if link.closed:
            break
        link.data_received(questions * 1000)
        await asyncio.sleep(0)
    assert link.closed
    assert len(wire.written) < 120_000


async def test_frames_for_ids_that_nobody_has_leave_nothing(ends: Ends) -> None:
    link = ends.link(client=False)
    said(link)
    for number in range(1, 3000):
        link.data_received(frames.keep_head(number, 1) + b"x" + extension.Fin(number, 1).encode())
        link.data_received(extension.Credit(number, 1, 1).encode() + frames.end(number))
    assert sum(isinstance(event, Ended) for event in said(link)) == 2999
    assert not (link.streams)
    assert not (link.settling)
    assert not (link.ungranted)
    assert not (link._connection.packet_ids)


async def test_an_absurd_credit_is_cut(ends: Ends) -> None:
    link = ends.link(client=True)
    stream = link.open(TARGET, Upper())
    assert isinstance(stream, SubStream)
    link.data_received(extension.Credit(stream.id, 0, 0xFFFFFFFF).encode())
    assert stream.limit == extension.MAX_WINDOW
    link.data_received(extension.Credit(stream.id, 1 << 60, 1 << 30).encode())
    assert (stream.acked, stream.limit) == (0, extension.MAX_WINDOW)


async def test_ends_that_are_never_acknowledged_do_not_pile_up(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MOST_SETTLING", 10)
    link = ends.link(client=True)
    before = memory.used
    for _ in range(50):
        stream = link.open(TARGET, Upper())
        assert isinstance(stream, SubStream)
        stream.write(b"x" * 1000)
        stream.close()
    assert len(link.settling) == len(list(ends.resumption.streams)) == 10
    assert memory.used - before == 10_000


async def test_what_only_waits_for_its_acknowledgement_gives_way(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    link = ends.link(client=True)
    closed, living = (link.open(TARGET, Upper()) for _ in range(2))
    assert isinstance(closed, SubStream)
    assert isinstance(living, SubStream)
    closed.write(b"x" * 500_000)
    closed.close()
    living.write(b"x" * 400_000)
    former = memory.budget
    monkeypatch.setattr(memory, "_budget", memory.used - 1)
    memory.pressed(asyncio.get_running_loop())
    await asyncio.sleep(0)
    memory.budget = former
    assert not link.settling
    assert not living.lost


async def test_tiny_writes_are_kept_together(ends: Ends) -> None:
    link = ends.link(client=True)
    stream = link.open(TARGET, Upper())
    assert isinstance(stream, SubStream)
    for number in range(20_000):
        stream.write(b"%d" % (number % 10))
    assert stream.unacked is not None
    assert len(stream.unacked) < 20_000 / 700
    link.data_received(extension.Credit(stream.id, 5_003, WINDOW).encode())
    assert stream.rewind(5_005)
    assert b"".join(stream.queue or ())[:8] == b"56789012"


async def test_malformed_words_and_greetings_are_not_logged_one_by_one(
    ends: Ends, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker._rare, "_quiet_until", 0.0)
    link = ends.link(client=False)
    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            link.data_received(frames.keep_alive(0, bytes((extension.CREDIT, 1))))
            link.data_received(hello(b"q").encode())
    assert link.peer == hello(b"p")
    assert len(caplog.records) <= 1, QUIET


async def test_peers_that_are_new_each_time_are_not_all_remembered(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumption, "MOST_KNOWN", 5)
    for number in range(20):
        ends.resumption.met(ends.link(client=True, peer=bytes((number,))), [])
    assert len(ends.resumption._known) == 5


@pytest.mark.parametrize("number", [3, 1])
async def test_the_uid_of_anothers_sub_connection_opens_nothing(ends: Ends, number: int) -> None:
    theirs = ends.link(client=False, peer=b"a")
    theirs.data_received(extension.Open(1, 7).encode() + frames.new(1, TARGET))
    (stream,) = ends.accepted
    other = ends.link(client=False, peer=b"b")
    said(other)
    other.data_received(extension.Reopen(number, 7, 0).encode())
    assert said(other) == [Ended(number, True)]
    assert theirs.streams == {1: stream}
    assert not stream.is_closing()


# What peers open


@pytest.fixture
async def dispatcher() -> object:
    made = Dispatcher(Router(model.Routing(), Resolver(model.Config().dns)))
    made.crowd.limits = Limits(per_address=100)
    yield made
    made.close()


class Nowhere:
    """An outbound that never answers."""

    tag = "nowhere"

    def connect(self, session: Session, protocol: asyncio.BaseProtocol) -> None:
        return None


async def test_all_ids_at_once_are_as_many_as_one_address_may_have(dispatcher: Dispatcher) -> None:
    dispatcher.default = Nowhere()  # type: ignore[assignment]
    source = Destination(Network.TCP, "192.0.2.1", 5)
    wire = Wire()
    dispatcher.serve_mux(Session("in", "vless", TARGET, source=source), wire)
    link = wire.protocol
    for number in range(1, 65_536):
        link.data_received(frames.new(number, UDP if number % 2 else TARGET))
    assert len(dispatcher.sessions) == len(link.streams) == 99
    assert dispatcher.over_limit == 65_436
    assert len(link._connection.packet_ids) == 50
    honest = Session("in", "vless", TARGET, source=Destination(Network.TCP, "192.0.2.2", 5))
    assert not dispatcher.crowd.refusal(honest)


async def test_main_connections_count_too(dispatcher: Dispatcher) -> None:
    source = Destination(Network.TCP, "192.0.2.1", 5)
    wires = [Wire() for _ in range(103)]
    for wire in wires:
        dispatcher.serve_mux(Session("in", "vless", TARGET, source=source), wire)
    assert [wire.calls[-1:] == ["abort"] for wire in wires].count(True) == dispatcher.over_limit == 3
    wires[0].protocol.connection_lost(None)
    assert not dispatcher.crowd.refusal(Session("in", "vless", TARGET, source=source))


async def test_early_packets_wait_in_little_room(dispatcher: Dispatcher) -> None:
    leg = PacketVisitorLeg(Session("in", "vless", UDP), dispatcher, asyncio.DatagramTransport())
    for _ in range(100):
        leg.datagram_received(b"x" * 8000, None)
    assert sum(len(data) for data, _ in leg.backlog or ()) < 65536 + 8000


class Flow(Upper):
    def __init__(self, flow: asyncio.DatagramTransport) -> None:
        super().__init__()
        self.transport = flow


async def test_made_up_global_ids_keep_nobody_out(ends: Ends) -> None:
    link = ends.link(client=False)
    flows = RoamingFlows()

    def stream() -> PacketStream:
        return PacketStream(link, 1, UDP)

    for number in range(MOST_FLOWS + 100):
        flows.accept(("in", "hostile", b"%08d" % number), stream(), Flow)
    assert len(flows._flows) == MOST_FLOWS
    honest = stream()
    flows.accept(("in", "honest", b"00000001"), honest, Flow)
    assert isinstance(honest.protocol, Flow)
    assert honest.protocol.transport is honest
    assert not honest.is_closing()
    flows.close()


async def test_a_global_id_is_its_users_own(ends: Ends) -> None:
    link = ends.link(client=False)
    flows = RoamingFlows()
    first, thief = PacketStream(link, 1, UDP), PacketStream(link, 2, UDP)
    flows.accept(("in", "honest", b"12345678"), first, Flow)
    flows.accept(("in", "thief", b"12345678"), thief, Flow)
    assert not first.is_closing()
    flows.close()


async def test_bridges_that_wait_for_approval_are_not_pushed_out_by_one_who_sends_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(portal, "MOST_PENDING", 5)
    made = Portal("p", "d.test", hello=lambda: hello(b"o"), buffer_limit=lambda: 1 << 20, keys=())

    def arrive(host: str) -> None:
        source = Destination(Network.TCP, host, 1)
        made.attach(Session("in", "vless", TARGET, source=source), Wire(), b"")

    for host in ("192.0.2.1", "192.0.2.2", *["203.0.113.9"] * 50):
        arrive(host)
    assert sorted(link.host for link in made.pending) == ["192.0.2.1", "192.0.2.2", *["203.0.113.9"] * 3]
    await made.close()


async def test_one_address_has_so_many_links_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal, "MOST_LINKS", 5)
    made = Portal("p", "d.test", hello=lambda: hello(b"o"), buffer_limit=lambda: 1 << 20)
    wires = {host: [Wire() for _ in range(8)] for host in ("203.0.113.9", "192.0.2.1")}
    for host, all_of_it in wires.items():
        for wire in all_of_it:
            source = Destination(Network.TCP, host, 1)
            made.attach(Session("in", "vless", TARGET, source=source), wire, b"")
    assert len(made.links) == 10
    assert all(sum("abort" in wire.calls for wire in all_of_it) == 3 for all_of_it in wires.values())
    await made.close()
