"""One sub-connection as an asyncio transport: a stream with credits, or a flow of packets."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from xrgui.address import Destination
from xrgui.engine.errors import describe
from xrgui.engine.limits import RareLog
from xrgui.engine.memory import memory
from xrgui.engine.mux import extension, frames

if TYPE_CHECKING:
    from xrgui.engine.mux.worker import MuxWorker

_rare = RareLog(logging.getLogger(__name__))

Payload = bytes | bytearray | memoryview
UNLIMITED = 1 << 62
MOST_WINDOW = 16 * 1024 * 1024
GRACE = 256 * 1024
"""What a sender may overshoot its window by before it counts as a violation."""
JOIN_HELD = 4096
"""Smaller pieces that are held are joined: each by itself would cost many times its size."""
SMALL, JOIN_KEPT = 256, 1024
"""The same for what is kept until it is acknowledged."""


class SubStream(asyncio.Transport):
    """A TCP sub-connection.

    Sending: `limit` is the offset that must not be passed (no limit for a peer without credits). What cannot leave
    now waits in `queue`; the protocol above is paused meanwhile, so one read of its socket is the most that waits.
    Receiving: while the protocol above has paused us, payload is held, bounded by the window for a peer with
    credits, by the worker's `buffer_limit` and brake for one without.
    """

    __slots__ = (
        "acked",
        "allowed",
        "closing",
        "credited",
        "end_seen",
        "eof_sent",
        "eof_wanted",
        "epoch",
        "epoch_began",
        "granted",
        "held",
        "held_size",
        "id",
        "introduction",
        "limit",
        "lost",
        "over",
        "paused",
        "peer_ended",
        "protocol",
        "queue",
        "queued",
        "reason",
        "received",
        "ring_member",
        "sent",
        "suspended",
        "uid",
        "unacked",
        "window",
        "worker",
        "write_paused",
    )

    def __init__(self, worker: MuxWorker, stream_id: int, credited: bool, uid: int = 0) -> None:
        """*uid* names the sub-connection for resumption; 0: it cannot outlive its link."""
        self.worker = worker
        self.id = stream_id
        self.credited = credited
        self.uid = uid
        self.introduction: tuple[Destination, Destination | None, Destination | None] | None = None
        """Target, source and local address of a New of ours, should it get lost with the link."""
        self.acked = 0
        self.unacked: deque[Payload] | None = deque() if uid else None
        """What was sent from the offset `acked` on, to send again should the link die."""
        self.protocol: asyncio.Protocol = _NOBODY
        self.sent = 0
        self.limit = worker.peer.window if credited and worker.peer else UNLIMITED
        self.queue: deque[memoryview] | None = None
        self.queued = 0
        self.ring_member = False
        self.suspended = False
        """On a new link, but not yet told from where to go on."""
        self.write_paused = False
        self.eof_wanted = False
        self.eof_sent = False
        self.end_seen = False
        """The peer has acknowledged our FIN or End."""
        self.received = 0
        self.granted = 0
        """The offset up to which consumption was reported."""
        self.window = worker.window
        self.allowed = self.window
        """The offset up to which the peer was ever allowed to send."""
        self.epoch = 0
        self.epoch_began = 0.0
        """Where and when the measure of the window's use began."""
        self.paused = False
        self.held: deque[bytes] | None = None
        self.held_size = 0
        self.peer_ended = False
        """The peer sends no more: its FIN or its End has come."""
        self.over = False
        """Its End has come: what is held is still delivered."""
        self.closing = False
        """Closed from above: what is queued still leaves, then End."""
        self.lost = False
        """`connection_lost` was called or is under way."""
        self.reason = ""

    # Sending

    def write(self, data: Payload) -> None:
        size = len(data)
        if not size or self.closing or self.eof_wanted or self.lost:
            return
        worker = self.worker
        if self.queue is None and not worker.blocked and self.sent + size <= self.limit:
            self.sent += size
            if self.unacked is not None:
                if size < SMALL:
                    self._keep_small(data)
                else:
                    self.unacked.append(data)
                memory.used += size
            worker.put(self.id, data, size)
            if self.sent == self.limit:
                self.pause()
            return
        if self.queue is None:
            self.queue = deque()
        self.queue.append(memoryview(data))
        self.queued += size
        memory.used += size
        self.pause()
        if self.sent < self.limit:
            worker.make_ready(self)

    def _keep_small(self, data: Payload) -> None:
        unacked = self.unacked
        if unacked and len(unacked[-1]) <= JOIN_KEPT - SMALL:
            unacked[-1] = b"".join((unacked[-1], data))
        elif unacked is not None:
            unacked.append(data)

    def pause(self) -> None:
        if not self.write_paused:
            self.write_paused = True
            self.protocol.pause_writing()

    def send_some(self, quantum: int) -> None:
        """Send up to *quantum* queued bytes, as credit allows; the worker's scheduler calls this."""
        queue = self.queue
        while queue and quantum > 0 and self.sent < self.limit:
            part = queue[0]
            size = min(len(part), quantum, self.limit - self.sent)
            if size == len(part):
                queue.popleft()
            else:
                queue[0] = part[size:]
                part = part[:size]
            self.queued -= size
            self.sent += size
            quantum -= size
            if self.unacked is not None:
                self.unacked.append(part)
            else:
                memory.used -= size
            self.worker.put(self.id, part, size)
        if not queue:
            self.queue = None
            self.drained()

    def drained(self) -> None:
        if self.suspended:
            return
        if self.closing:
            self.send_end()
            return
        if self.eof_wanted and not self.eof_sent:
            self.send_fin()
        if self.write_paused and self.sent < self.limit and not self.lost:
            self.write_paused = False
            self.protocol.resume_writing()

    def credit(self, consumed: int, window: int) -> None:
        """The peer is done with *consumed* bytes and takes *window* more; none after it has seen our end."""
        if not self.credited or consumed > self.sent:
            return
        if self.unacked is not None:
            self._acknowledge(consumed)
            if not window:
                self.end_seen = True
                self.worker.settled(self)
        limit = consumed + min(window, extension.MAX_WINDOW)
        if limit <= self.limit:
            return
        self.limit = limit
        if self.queue:
            self.worker.make_ready(self)
        else:
            self.drained()

    def _acknowledge(self, consumed: int) -> None:
        unacked = self.unacked
        before = self.acked
        while unacked and self.acked + len(unacked[0]) <= consumed:
            self.acked += len(unacked.popleft())
        memory.used -= self.acked - before

    # Memory

    @property
    def weight(self) -> int:
        """Bytes that are kept for it, as `limits.memory` counts them."""
        return self.held_size + self.queued + (0 if self.unacked is None else self.sent - self.acked)

    @property
    def progress(self) -> int:
        """Grows by the bytes that are not held any more."""
        return self.taken + (self.sent if self.unacked is None else self.acked)

    def drop_sent(self) -> None:
        """Nothing will be sent again."""
        if self.unacked is not None:
            memory.used -= self.sent - self.acked
            self.unacked = None

    def _drop_queue(self) -> None:
        memory.used -= self.queued
        self.queued = 0
        self.queue = None

    def _drop_held(self) -> None:
        memory.used -= self.held_size
        self.held_size = 0
        self.held = None

    # Resumption

    def rewind(self, offset: int) -> bool:
        """Send again from *offset*, as a new link needs it; False if that cannot be."""
        if self.unacked is None or not self.acked <= offset <= self.sent:
            return False
        parts = deque(memoryview(part) for part in self.unacked)
        skip = offset - self.acked
        while parts and skip >= len(parts[0]):
            skip -= len(parts.popleft())
        if skip:
            parts[0] = parts[0][skip:]
        self.queued += sum(len(part) for part in parts)
        parts.extend(self.queue or ())
        self.unacked.clear()
        memory.used -= offset - self.acked
        self.acked = self.sent = offset
        self.queue = parts or None
        self.eof_sent = False
        return True

    def moved(self, worker: MuxWorker, stream_id: int) -> None:
        """Go on as *stream_id* on *worker*; `rewind` was called, or will be."""
        self.worker = worker
        self.id = stream_id
        self.ring_member = False
        self.granted = self.taken
        self.allowed = max(self.allowed, self.granted + self.window)
        worker.put_control(extension.Credit(stream_id, self.granted, self.window).encode())

    def suspend(self) -> None:
        """Keep what is written until `rewind` and `go_on`."""
        self.suspended = True
        if self.queue is None:
            self.queue = deque()

    def go_on(self) -> None:
        """Send what waits, now that both sides know where."""
        self.suspended = False
        if self.queue:
            self.worker.make_ready(self)
        else:
            self.drained()

    def can_write_eof(self) -> bool:
        """A stock opener forgets an id with the first End, so towards one there is no half-close: only one of ours
        that has ended its direction still takes the other (see `ended`)."""
        return self.credited or self.worker.client or (self.peer_ended and not self.over)

    def write_eof(self) -> None:
        if self.eof_wanted or self.closing or self.lost:
            return
        self.eof_wanted = True
        if self.queue is None:
            self.send_fin()

    def send_fin(self) -> None:
        self.eof_sent = True
        if self.credited:
            self.worker.put_control(extension.Fin(self.id, self.sent).encode())
        else:
            self.worker.put_control(frames.end(self.id))
        if self.peer_ended and not self.held:
            self.finish(None)

    def close(self) -> None:
        if self.closing or self.lost:
            return
        self.closing = True
        if self.queue is None or (self.worker.closed and not self.uid):
            self.send_end()

    def abort(self) -> None:
        self.stop(0, "")

    def fail(self, exc: BaseException) -> None:
        """End at once and tell the peer of *exc*."""
        self.stop(extension.reset_code(exc), describe(exc))

    def stop(self, code: int, text: str) -> None:
        """End at once, both directions; a peer that speaks the extension is told why."""
        if self.lost:
            return
        self.closing = True
        self._drop_queue()
        if self.worker.forget(self):
            if code and self.credited:
                self.worker.put_control(extension.Reset(self.id, code, text).encode())
            self.worker.put_control(frames.end(self.id, error=True))
        self._lose_soon(None)

    def send_end(self) -> None:
        """Everything that was written has left: end the sub-connection."""
        if self.worker.closed and self.uid and not self.peer_ended:
            return  # parked: the End leaves on the next link
        said = self.eof_sent and (self.peer_ended or not self.credited)
        if self.worker.forget(self, settle=True) and not said:
            self.worker.put_control(frames.end(self.id))
        self._lose_soon(None)

    def _lose_soon(self, exc: Exception | None) -> None:
        if not self.lost:
            self.lost = True
            self._drop_held()
            self.worker.brake.release(self)
            self.worker.loop.call_soon(self.protocol.connection_lost, exc)

    # Receiving; the worker calls these

    def feed(self, data: Payload) -> None:
        if self.peer_ended or self.lost:
            return
        size = len(data)
        self.received += size
        if self.closing:
            self.grant()
        elif self.paused or self.held:
            self._hold(bytes(data))
        else:
            self.protocol.data_received(cast(bytes, data))
            if self.credited and not self.paused:
                if self.received - self.granted >= self.window >> 2:
                    self.grant()
                elif self.uid:
                    self.worker.ungranted.add(self)

    def _hold(self, data: bytes) -> None:
        if self.held is None:
            self.held = deque()
        if self.held and len(self.held[-1]) + len(data) <= JOIN_HELD:
            self.held[-1] += data
        else:
            self.held.append(data)
        self.held_size += len(data)
        memory.used += len(data)
        if memory.used > memory.alarm:
            memory.pressed(self.worker.loop)
        if self.credited:
            if self.received > self.allowed + GRACE:
                self.overflow(extension.FLOW_VIOLATION, "the peer sent more than it was granted")
        elif self.held_size > self.worker.buffer_limit:
            self.worker.brake.hold(self)

    def give_way(self, text: str) -> None:
        """What is held for it is needed elsewhere."""
        if self.lost:
            self.worker.forget(self)  # only what a new link would need is left of it
        else:
            self._end_now(extension.OVER_LIMIT, text)

    def overflow(self, code: int, text: str) -> None:
        _rare.warning(self.worker.loop.time(), "sub-connection %d ended: %s", self.id, text)
        self._end_now(code, text)

    def _end_now(self, code: int, text: str) -> None:
        self.reason = text
        protocol, self.protocol = self.protocol, _NOBODY
        told = self.lost
        self.stop(code, text)
        if not told:
            protocol.connection_lost(ConnectionAbortedError(text))

    @property
    def taken(self) -> int:
        """How many bytes the protocol above has taken."""
        return self.received - self.held_size

    def grant(self) -> None:
        """Report as consumed what the protocol above has taken, once that is worth a message."""
        if self.taken - self.granted >= self.window >> 2:
            self.report()

    def report(self) -> None:
        """Report it now."""
        consumed = self.taken
        if self.credited and consumed > self.granted and not self.peer_ended:
            self._grow(consumed)
            self.window = memory.window(self.window)
            self.granted = consumed
            self.allowed = max(self.allowed, consumed + self.window)
            self.worker.put_control(extension.Credit(self.id, consumed, self.window).encode())

    def _grow(self, consumed: int) -> None:
        """Double a window that was used up in less than two round trips: the path carries more."""
        if consumed - self.epoch < self.window:
            return
        now = monotonic()
        rtt = self.worker.least_rtt
        if rtt and now - self.epoch_began < 2 * rtt and self.window < MOST_WINDOW:
            self.window *= 2
        self.epoch, self.epoch_began = consumed, now

    def fin(self) -> None:
        """The peer's direction is over; the other one may go on."""
        if self.uid:
            self.worker.put_control(extension.Credit(self.id, self.received, 0).encode())
        if self.peer_ended or self.lost:
            return
        self.peer_ended = True
        if not self.held:
            self._deliver_eof()

    def _deliver_eof(self) -> None:
        keep = self.protocol.eof_received()
        if self.eof_sent and not self.suspended:
            self.finish(None)
        elif not keep:
            self.close()

    def ended(self, exc: Exception | None) -> None:
        """The peer's End: both directions are over."""
        if self.uid and exc is None and not self.worker.closed:
            # Until it hears this the peer keeps what it sent, in case the link dies.
            self.worker.put_control(extension.Credit(self.id, self.received, 0).encode())
        if exc is None and not (self.credited or self.worker.client or self.closing or self.peer_ended):
            if self.worker.peer is not None:
                # Opened by one of ours before the introductions: it half-closes, and takes the reply.
                self.fin()
                return
            # A stock opener has forgotten the id; one of ours without the extension waits for this.
            self.worker.put_control(frames.end(self.id))
        self.peer_ended = self.over = True
        self.worker.forget(self)
        self._drop_queue()
        if exc is not None or not self.held:
            self.finish(exc)

    def finish(self, exc: Exception | None) -> None:
        self.worker.forget(self, settle=self.eof_sent and exc is None)
        if not self.lost:
            self.lost = True
            self.closing = True
            self._drop_held()
            self._drop_queue()
            self.worker.brake.release(self)
            self.protocol.connection_lost(exc)

    # The rest of the transport

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False
        if self.held:
            self.worker.loop.call_soon(self._release)
        elif self.credited:
            self.grant()

    def _release(self) -> None:
        while self.held and not self.paused and not self.lost:
            data = self.held.popleft()
            self.held_size -= len(data)
            memory.used -= len(data)
            self.protocol.data_received(data)
        self.worker.brake.relieved(self)
        if self.lost or self.paused:
            return
        self.held = None
        if self.over:
            self.finish(None)
        elif self.peer_ended:
            self._deliver_eof()
        elif self.credited:
            self.grant()

    def is_reading(self) -> bool:
        return not self.paused and not self.lost

    def is_closing(self) -> bool:
        return self.closing or self.lost

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``reset`` is a call that ends it and tells the peer of an error."""
        return self.fail if name == "reset" else default

    def get_write_buffer_size(self) -> int:
        return self.queued

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The worker decides: nothing is buffered beyond one read."""


class PacketStream(asyncio.DatagramTransport):
    """A UDP sub-connection: no credits; what cannot leave at once is dropped, as a network would."""

    __slots__ = ("id", "lost", "protocol", "target", "worker")

    def __init__(self, worker: MuxWorker, stream_id: int, target: Destination) -> None:
        self.worker = worker
        self.id = stream_id
        self.target = target
        self.protocol: asyncio.DatagramProtocol = _NOBODY_PACKETS
        self.lost = False

    def sendto(self, data: Any, addr: Any = None) -> None:
        if self.lost or len(data) > self.worker.packet_limit or not data:
            return
        where = addr if addr is not None and addr != self.target else None
        self.worker.put_packet(frames.keep_packet(self.id, data, where))

    def feed(self, data: bytes, where: Destination | None) -> None:
        if not self.lost:
            self.protocol.datagram_received(data, cast(Any, where))

    def ended(self, exc: Exception | None) -> None:
        self.worker.forget(self)
        if not self.lost:
            self.lost = True
            self.protocol.connection_lost(exc)

    def close(self) -> None:
        self._leave(error=False)

    def abort(self) -> None:
        self._leave(error=True)

    def fail(self, exc: BaseException) -> None:
        """End and tell a peer that speaks the extension of *exc*."""
        self._leave(True, extension.reset_code(exc), describe(exc))

    def _leave(self, error: bool, code: int = 0, text: str = "") -> None:
        if not self.lost:
            self.lost = True
            if self.worker.forget(self):
                if code and self.worker.peer is not None:
                    self.worker.put_control(extension.Reset(self.id, code, text).encode())
                self.worker.put_control(frames.end(self.id, error=error))
            self.worker.loop.call_soon(self.protocol.connection_lost, None)

    def is_closing(self) -> bool:
        return self.lost

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = cast(asyncio.DatagramProtocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``reset``: as for `SubStream`."""
        return self.fail if name == "reset" else default


_NOBODY = asyncio.Protocol()
_NOBODY_PACKETS = asyncio.DatagramProtocol()
