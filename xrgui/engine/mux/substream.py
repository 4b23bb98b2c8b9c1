"""One TCP sub-connection as an asyncio transport: a stream with credits."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from xrgui.engine.errors import describe
from xrgui.engine.limits import RareLog
from xrgui.engine.memory import memory
from xrgui.engine.mux import extension, frames
from xrgui.engine.mux.sending import NOBODY, Payload, Sending

if TYPE_CHECKING:
    from xrgui.engine.mux.worker import MuxWorker

_rare = RareLog(logging.getLogger(__name__))

MOST_WINDOW = 16 * 1024 * 1024
GRACE = 256 * 1024
"""What a sender may overshoot its window by before it counts as a violation."""
JOIN_HELD = 4096
"""Smaller pieces that are held are joined: each by itself would cost many times its size."""


class SubStream(Sending):
    """While the protocol above has paused us, payload is held, bounded by the window for a peer with credits, by the
    worker's `buffer_limit` and brake for one without.
    """

    __slots__ = (
        "allowed",
        "epoch",
        "epoch_began",
        "granted",
        "held",
        "held_size",
        "over",
        "paused",
        "peer_ended",
        "reason",
        "received",
        "window",
    )

    def __init__(self, worker: MuxWorker, stream_id: int, credited: bool, uid: int = 0) -> None:
        """*uid* names the sub-connection for resumption; 0: it cannot outlive its link."""
        super().__init__(worker, stream_id, credited, uid)
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
        self.reason = ""

    # Sending

    def credit(self, consumed: int, window: int) -> None:
        """The peer is done with *consumed* bytes and takes *window* more; none after it has seen our end."""
        if not self.credited or consumed > self.sent:
            return
        if self.unacked is not None:
            self.acknowledge(consumed)
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

    # Memory

    @property
    def weight(self) -> int:
        """Bytes that are kept for it, as `limits.memory` counts them."""
        return self.held_size + self.queued + (0 if self.unacked is None else self.sent - self.acked)

    @property
    def progress(self) -> int:
        """Grows by the bytes that are not held any more."""
        return self.taken + (self.sent if self.unacked is None else self.acked)

    def _drop_held(self) -> None:
        memory.used -= self.held_size
        self.held_size = 0
        self.held = None

    # Resumption

    def moved(self, worker: MuxWorker, stream_id: int) -> None:
        """Go on as *stream_id* on *worker*; `rewind` was called, or will be."""
        self.worker = worker
        self.id = stream_id
        self.ring_member = False
        self.granted = self.taken
        self.allowed = max(self.allowed, self.granted + self.window)
        worker.put_control(extension.Credit(stream_id, self.granted, self.window).encode())

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
        self.drop_queue()
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
        protocol, self.protocol = self.protocol, NOBODY
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
        self.drop_queue()
        if exc is not None or not self.held:
            self.finish(exc)

    def finish(self, exc: Exception | None) -> None:
        self.worker.forget(self, settle=self.eof_sent and exc is None)
        if not self.lost:
            self.lost = True
            self.closing = True
            self._drop_held()
            self.drop_queue()
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
        held = self.held
        if held is None:
            return
        while held and not self.paused and not self.lost:
            data = held.popleft()
            self.held_size -= len(data)
            memory.used -= len(data)
            self.protocol.data_received(data)
        self.worker.brake.relieved(self)
        if self.lost or held:
            return
        self.held = None
        if self.over:
            self.finish(None)
        elif self.peer_ended:
            self._deliver_eof()
        elif self.credited and not self.paused:
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
