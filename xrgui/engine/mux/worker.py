"""One Mux.cool main connection: the asyncio shell around `MuxConnection`.

Roles follow who opens sub-connections, not who dialled: a portal's worker is the client, a bridge's the server.
The reader never waits for a local socket. How what is sent is batched and shared out is in `link_writer.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from itertools import count
from random import Random, SystemRandom
from time import monotonic
from typing import cast

from xrgui.address import Destination, Network
from xrgui.engine.errors import PeerResetError, RemoteProtocolError
from xrgui.engine.limits import RareLog
from xrgui.engine.memory import memory
from xrgui.engine.mux import extension, frames
from xrgui.engine.mux.brake import Brake
from xrgui.engine.mux.connection import (
    Data,
    Ended,
    KeptAlive,
    MuxConnection,
    Opened,
    Packet,
)
from xrgui.engine.mux.health import Health
from xrgui.engine.mux.link_writer import LinkWriter
from xrgui.engine.mux.packets import PacketStream
from xrgui.engine.mux.resumption import Resumption
from xrgui.engine.mux.substream import SubStream
from xrgui.engine.mux.turns import MOST_EVENTS, WHOLE_READ, Turns

log = logging.getLogger(__name__)
_rare = RareLog(log)

Stream = SubStream | PacketStream
_numbers = count(1)
getrandbits = Random(SystemRandom().getrandbits(256)).getrandbits

WINDOW = 1024 * 1024
BUFFER_LIMIT = 16 * 1024 * 1024
"""What one sub-connection of a peer without credits may hold before the others wait for it."""
ALL_IDS = (1, 65535)
PORTAL_IDS, BRIDGE_IDS = (1, 0x7FFF), (0x8000, 0xFFFF)
"""Which ids each side gives to what it opens, between two xrgui with equal ends."""
MOST_SETTLING = 8192
"""Closed streams that wait for their acknowledgement, which takes an honest peer a round trip."""
SPARE_IDS = 500
"""So many ids stay free, so that the search for one is short."""
V2RAY_PACKET, XRAY_PACKET = 2048, 8192
"""Larger datagrams end the main connection there (interop.md, "Mux edge cases")."""


class MuxWorker(LinkWriter):
    """Give it to whatever opens the main connection, as its protocol.

    *accept* is called with each sub-connection that the peer opens and must set the stream's protocol; without it
    the peer may open none, and a client's peer may only where both ends are equal. *lost* is called once, when the
    main connection is gone. *hello* is this process's introduction; None keeps the extension off.
    """

    def __init__(
        self,
        *,
        client: bool,
        lost: Callable[[MuxWorker, Exception | None], None],
        made: Callable[[MuxWorker], None] | None = None,
        accept: Callable[[Stream, Opened], None] | None = None,
        reverse: bool = False,
        hello: extension.Hello | None = None,
        packet_limit: int = V2RAY_PACKET,
        buffer_limit: int = BUFFER_LIMIT,
    ) -> None:
        super().__init__()
        self.number = next(_numbers)
        self.client = client
        self.hello = hello
        self.peer: extension.Hello | None = None
        """The peer's introduction, once both were exchanged."""
        self.fell_silent: Callable[[], None] | None = None
        """Called while nothing comes from the peer, though it was asked."""
        self.answered: Callable[[], None] | None = None
        """Called when the peer has answered an echo."""
        self.equal = False
        """Both sides may open sub-connections."""
        self.sign: Callable[[extension.Hello, extension.Hello], extension.Hello] | None = None
        """Makes a server's introduction out of `hello` and that of the peer."""
        self.heard_hello: Callable[[MuxWorker], None] | None = None
        self.approved: bool | None = None
        """Whether the peer, a portal that asks for keys, lets ours in; None before it has said so."""
        self.heard_approval: Callable[[MuxWorker], None] | None = None
        self.window = hello.window if hello else WINDOW
        self.packet_limit = packet_limit
        self.buffer_limit = buffer_limit
        self.streams: dict[int, Stream] = {}
        self.opened = 0
        """Sub-connections that either side ever opened here."""
        self.going_away = False
        self.final = False
        self.last_received = monotonic()
        self.resumption: Resumption | None = None
        """Where sub-connections wait for the next link when this one dies."""
        self.settling: dict[int, SubStream] = {}
        """Closed streams whose last bytes are not acknowledged yet."""
        self.ungranted: set[SubStream] = set()
        self.least_rtt: float | None = None
        self.echoes: deque[float] = deque()
        """When the echo pings that are under way were sent."""
        self.rtt: float | None = None
        """Seconds, smoothed; None before the first echo."""
        self.permanent = 0
        """How many of the streams are the link's own (its control session)."""
        self.health = Health(self)
        self.brake = Brake(self)
        self.turns = Turns(self)
        self._made = made
        self._accept = accept
        self._lost = lost
        self._connection = MuxConnection(reverse=reverse)
        self._reverse = reverse
        self._next_id = 0
        self._ids = ALL_IDS
        self._announced: extension.Open | None = None
        self._reset: extension.Reset | None = None

    # Main connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.set_depth(self.transport)
        self.blocked = False
        self.last_received = monotonic()
        memory.workers.add(self)
        self.health.start()
        if self._made is not None:
            self._made(self)
        self.pump()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self.closed:
            return
        self.closed = self.blocked = True
        memory.workers.discard(self)
        self.health.stop()
        self.brake.stop()
        self.transport = None
        self._out.clear()
        if self.resumption is not None and self.peer is not None:
            self.resumption.lost(self)
            if not self.final:
                self.resumption.park(self, self.peer.instance)
        for stream in list(self.streams.values()):
            stream.ended(exc or ConnectionResetError("the link to the other end is gone"))
        self.streams.clear()
        for closed in list(self.settling.values()):
            self.settled(closed)
        self._lost(self, exc)

    def close(self) -> None:
        """End the main connection after what was written has left; its sub-connections end with it."""
        if self.transport is not None and not self.transport.is_closing():
            self.flush()
            self.transport.close()

    def abort(self, exc: Exception, *, final: bool = True) -> None:
        self.final = final
        transport = self.transport
        self.connection_lost(exc)
        if transport is not None:
            transport.abort()

    def shut(self, exc: Exception) -> None:
        """End the main connection for good: unlike an abort it tells the peer of each sub-connection's end, so that
        nothing waits there for the next link."""
        self.final = True
        for stream in self.streams.values():
            if isinstance(stream, SubStream) and stream.credited:
                self.put_control(extension.Reset(stream.id, extension.SHUTTING_DOWN, str(exc)).encode())
            self.put_control(frames.end(stream.id, error=True))
        self.flush()
        transport = self.transport
        self.connection_lost(exc)
        if transport is not None:
            transport.abort() if transport.get_write_buffer_size() else transport.close()

    # Opening

    def open(
        self,
        target: Destination,
        protocol: asyncio.BaseProtocol,
        *,
        source: Destination | None = None,
        local: Destination | None = None,
    ) -> Stream:
        """Open a sub-connection and hand it to *protocol*, at once and without waiting for payload.

        Raises RemoteProtocolError if all ids are taken or the peer wants no more.
        """
        stream_id = self.new_id()
        self.opened += 1
        stream: Stream
        if target.network is Network.UDP:
            stream = PacketStream(self, stream_id, target)
            self._connection.packet_ids.add(stream_id)
        else:
            uid = getrandbits(63) | 1
            credited = self.peer is not None and bool(self.peer.features & extension.FEATURE_CREDIT)
            stream = self._new_stream(stream_id, credited, uid)
            if credited:
                self.put_control(extension.Open(stream_id, uid).encode())
        self.streams[stream_id] = stream
        if len(self.streams) == self.permanent + 1:
            self.health.look_soon()
        if not self._reverse:
            source = local = None
        self.put_control(frames.new(stream_id, target, source=source, local=local))
        if isinstance(stream, SubStream) and stream.uid:
            stream.introduction = target, source, local
        stream.set_protocol(protocol)
        protocol.connection_made(stream)
        return stream

    def _new_stream(self, stream_id: int, credited: bool, uid: int) -> SubStream:
        peer, resumption = self.peer, self.resumption
        resumes = peer is not None and bool(peer.features & extension.FEATURE_RESUME)
        if not credited or not uid or resumption is None or not resumes:
            return SubStream(self, stream_id, credited)
        stream = SubStream(self, stream_id, credited, uid)
        resumption.add(stream)
        return stream

    def new_id(self) -> int:
        first, last = self._ids
        if self.going_away or len(self.streams) + len(self.settling) > last - first - SPARE_IDS:
            raise RemoteProtocolError("the link takes no more sub-connections")
        while True:
            self._next_id = self._next_id + 1 if first <= self._next_id < last else first
            if self._next_id not in self.streams and self._next_id not in self.settling:
                return self._next_id

    def forget(self, stream: Stream, *, settle: bool = False) -> bool:
        """Free the stream's id; False if it was free already. With *settle* a stream that can be resumed is kept
        until the peer has seen its end."""
        if self.streams.get(stream.id) is not stream:
            if not settle and self.settling.get(stream.id) is stream:
                del self.settling[stream.id]
            kept = settle and isinstance(stream, SubStream) and not stream.end_seen
            if isinstance(stream, SubStream) and stream.uid and self.resumption is not None and not kept:
                self.resumption.drop(stream)
            return False
        del self.streams[stream.id]
        self._connection.packet_ids.discard(stream.id)
        if isinstance(stream, SubStream) and stream.uid:
            self.ungranted.discard(stream)
            if settle and not stream.end_seen and not self.closed:
                self.settling[stream.id] = stream
                if len(self.settling) > MOST_SETTLING:
                    self.settled(next(iter(self.settling.values())))
            elif self.resumption is not None:
                self.resumption.drop(stream)
        return not self.closed

    def settled(self, stream: SubStream) -> None:
        """The peer has seen the end of a stream that was closed."""
        if self.settling.get(stream.id) is stream:
            del self.settling[stream.id]
            if self.resumption is not None:
                self.resumption.drop(stream)

    @property
    def holders(self) -> list[SubStream]:
        return [stream for stream in self.streams.values() if isinstance(stream, SubStream)]

    def report_all(self) -> None:
        """Tell the peer what was consumed since the last reports, so that it need not keep it."""
        for stream in self.ungranted:
            stream.report()
        self.ungranted.clear()

    # Receiving

    def data_received(self, data: bytes) -> None:
        if len(data) >= WHOLE_READ:
            self.turns.received()
        self.receive(data)

    def receive(self, data: bytes = b"") -> None:
        """Handle the frames of *data*, or those that an earlier turn has left."""
        if self.closed:
            return
        self.last_received = monotonic()
        for event in self._connection.receive_data(data, MOST_EVENTS):
            if isinstance(event, Data):
                self._on_data(event)
            elif isinstance(event, KeptAlive):
                self._on_keep_alive(event)
            elif isinstance(event, Ended):
                self._on_end(event)
            elif isinstance(event, Opened):
                self._on_open(event)
            elif isinstance(event, Packet):
                stream = self.streams.get(event.id)
                if isinstance(stream, PacketStream):
                    stream.feed(event.payload, event.where)
            else:
                self.abort(RemoteProtocolError(event.reason))
                return
        if self._connection.more:
            self.turns.interrupted()

    def _on_data(self, event: Data) -> None:
        stream = self.streams.get(event.id)
        if not isinstance(stream, SubStream):
            if event.starts_frame and stream is None:
                self.put_control(frames.end(event.id))
            return
        try:
            stream.feed(event.payload)
        except Exception:
            # Whatever a local side raises must not end the visitors beside it.
            log.exception("sub-connection %d ended by an internal error", stream.id)
            stream.abort()

    def _on_open(self, event: Opened) -> None:
        announced, self._announced = self._announced, None
        if announced is not None and announced.id != event.id:
            announced = None
        if self._accept is None or (self.client and not (self.equal and event.id >= BRIDGE_IDS[0])):
            self._connection.packet_ids.discard(event.id)
            self.put_control(frames.end(event.id, error=True))
            return
        former = self.streams.get(event.id)
        if former is not None:
            former.ended(RemoteProtocolError("the peer used the id again"))
        if (closed := self.settling.get(event.id)) is not None:
            self.settled(closed)
        stream: Stream
        if event.target.network is Network.UDP:
            stream = PacketStream(self, event.id, event.target)
            self._connection.packet_ids.add(event.id)
        else:
            uid = announced.uid if announced is not None else 0
            if uid and self.resumption is not None and self.resumption.is_late(self, uid):
                self.put_control(frames.end(event.id, error=True))
                return
            stream = self._new_stream(event.id, announced is not None, uid)
        self.opened += 1
        self.streams[event.id] = stream
        if len(self.streams) == self.permanent + 1:
            self.health.look_soon()
        self._accept(stream, event)

    def _on_end(self, event: Ended) -> None:
        reset, self._reset = self._reset, None
        if event.id == 0 and self.echoes and 0 not in self.streams:
            sample = monotonic() - self.echoes.popleft()
            self.rtt = sample if self.rtt is None else self.rtt + (sample - self.rtt) / 4
            self.least_rtt = sample if self.least_rtt is None else min(self.least_rtt, sample)
            if self.answered is not None:
                self.answered()
            return
        stream = self.streams.get(event.id)
        if stream is None:
            if (closed := self.settling.get(event.id)) is not None:
                self.put_control(extension.Credit(event.id, closed.received, 0).encode())
                self.settled(closed)
            elif not event.error and self.peer is not None:
                self._acknowledge_forgotten(event.id)
            return
        told = reset is not None and reset.id == event.id
        if self.resumption is not None and self.resumption.refused(self, event.id, over=told):
            return
        exc: Exception | None = None
        if event.error:
            if reset is not None and told:
                exc = PeerResetError(reset.code, reset.text)
            else:
                exc = ConnectionResetError("the other end closed it")
        stream.ended(exc)

    def _on_keep_alive(self, event: KeptAlive) -> None:
        if self.hello is None:
            return
        try:
            message = extension.decode(event.id, event.payload)
        except RemoteProtocolError as error:
            _rare.warning(self.loop.time(), "an extension message of the peer is ignored: %s", error)
            return
        if self.peer is None:
            if isinstance(message, extension.Hello):
                self._on_hello(self.hello, message)
        elif isinstance(message, extension.Credit):
            if (stream := self._credited(message.id)) is not None:
                stream.credit(message.consumed, message.window)
        elif isinstance(message, extension.Open):
            self._announced = message
        elif isinstance(message, extension.Fin):
            self._on_fin(message)
        elif isinstance(message, extension.GoAway):
            self.going_away = True
        elif isinstance(message, extension.Reset):
            self._reset = message
        elif isinstance(message, extension.Approval):
            if self.heard_approval is not None and not self.approved:
                self.approved = message.approved
                self.heard_approval(self)
        elif isinstance(message, extension.Reopen):
            if self.resumption is not None:
                self.resumption.answer(self, message)
            else:
                self.put_control(frames.end(message.id, error=True))
        elif isinstance(message, extension.Reopened) and self.resumption is not None:
            self.resumption.answered(self, message)

    def _on_hello(self, own: extension.Hello, peer: extension.Hello) -> None:
        self.peer = peer
        self.equal = bool(own.features & peer.features & extension.FEATURE_EQUAL)
        if self.equal:
            self._ids = PORTAL_IDS if self.client else BRIDGE_IDS
        if not self.client:
            self.put_control((own if self.sign is None else self.sign(own, peer)).encode())
        if self.heard_hello is not None:
            self.heard_hello(self)

    def _credited(self, stream_id: int) -> SubStream | None:
        """The sub-connection of this id that speaks the extension, one that waits for its last acknowledgement too."""
        stream = self.streams.get(stream_id) or self.settling.get(stream_id)
        return stream if isinstance(stream, SubStream) and stream.credited else None

    def _on_fin(self, message: extension.Fin) -> None:
        stream = self._credited(message.id)
        if stream is None:
            if message.id not in self.streams:
                self._acknowledge_forgotten(message.id)
        elif message.offset != stream.received and not stream.lost:
            stream.overflow(extension.FLOW_VIOLATION, "the peer's FIN does not fit what it sent")
        else:
            stream.fin()

    def _acknowledge_forgotten(self, stream_id: int) -> None:
        """Both ends of it were seen here; the peer, who says his again on a new link, may not know that."""
        self.put_control(extension.Credit(stream_id, 0, 0).encode())

    # Asking

    def go_away(self) -> None:
        """Ask a peer that understands it to open nothing more here."""
        if self.peer is not None:
            self.put_control(extension.GoAway().encode())

    def ping(self) -> None:
        """Send an echo; `rtt` is updated when its answer comes."""
        if len(self.echoes) < 64 and not self.closed:
            self.echoes.append(monotonic())
            self.put_control(frames.ECHO)
