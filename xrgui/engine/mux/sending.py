"""The sending side of a TCP sub-connection: credit, the queue, and what is kept for the next link."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from xrgui.address import Destination
from xrgui.engine.memory import memory
from xrgui.engine.mux.depth import LEAST as SHALLOW
from xrgui.engine.mux.turns import WHOLE_READ

if TYPE_CHECKING:
    from xrgui.engine.mux.worker import MuxWorker

Payload = bytes | bytearray | memoryview
UNLIMITED = 1 << 62
SMALL, JOIN_KEPT = 256, 1024
"""Smaller pieces are kept in joined ones of this size: each by itself would cost many times its size."""
NOBODY = asyncio.Protocol()


class Sending(asyncio.Transport):
    """`limit` is the offset that must not be passed (no limit for a peer without credits). What cannot leave
    now waits in `queue`; the protocol above is paused meanwhile, so one read of its socket is the most that waits.
    """

    __slots__ = (
        "acked",
        "closing",
        "credited",
        "end_seen",
        "eof_sent",
        "eof_wanted",
        "id",
        "introduction",
        "limit",
        "lost",
        "protocol",
        "queue",
        "queued",
        "ring_member",
        "sent",
        "suspended",
        "uid",
        "unacked",
        "waits_until",
        "worker",
        "write_paused",
    )

    def __init__(self, worker: MuxWorker, stream_id: int, credited: bool, uid: int) -> None:
        self.worker = worker
        self.id = stream_id
        self.credited = credited
        self.uid = uid
        self.introduction: tuple[Destination, Destination | None, Destination | None] | None = None
        """Target, source and local address of a New of ours, should it get lost with the link."""
        self.acked = 0
        self.unacked: deque[Payload] | None = deque() if uid else None
        """What was sent from the offset `acked` on, to send again should the link die."""
        self.waits_until = 0.0
        """By the loop's clock; when it ends while no link carries it."""
        self.protocol: asyncio.Protocol = NOBODY
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
        self.closing = False
        """Closed from above: what is queued still leaves, then End."""
        self.lost = False
        """`connection_lost` was called or is under way."""

    def send_fin(self) -> None:
        """What was written has left: end this direction."""
        raise NotImplementedError

    def send_end(self) -> None:
        """What was written has left: end both directions."""
        raise NotImplementedError

    def write(self, data: Payload) -> None:
        size = len(data)
        if not size or self.closing or self.eof_wanted or self.lost:
            return
        worker = self.worker
        free = self.queue is None and not worker.blocked and self.sent + size <= self.limit
        if free and (size <= SHALLOW or size <= worker.depth.high):
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
            elif size >= WHOLE_READ:
                worker.turns.sent(self)
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
        self.unpause()

    def unpause(self) -> None:
        """Let the protocol above write, if nothing else stands against it."""
        if self.write_paused and not self.queue and self.sent < self.limit and not (self.lost or self.suspended):
            self.write_paused = False
            self.protocol.resume_writing()

    def acknowledge(self, consumed: int) -> None:
        unacked = self.unacked
        before = self.acked
        while unacked and self.acked + len(unacked[0]) <= consumed:
            self.acked += len(unacked.popleft())
        memory.used -= self.acked - before

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

    def drop_sent(self) -> None:
        """Nothing will be sent again."""
        if self.unacked is not None:
            memory.used -= self.sent - self.acked
            self.unacked = None

    def drop_queue(self) -> None:
        memory.used -= self.queued
        self.queued = 0
        self.queue = None
