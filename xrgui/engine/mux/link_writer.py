"""The writing side of a main connection.

It batches what one turn of the loop produces, and while the main connection is full it serves the waiting streams by
deficit round robin, those that have just begun to wait first, so that a small answer overtakes the downloads.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic

from xrgui.engine.errors import RemoteProtocolError
from xrgui.engine.memory import memory
from xrgui.engine.mux import frames
from xrgui.engine.mux.depth import Depth
from xrgui.engine.mux.sending import Payload, Sending
from xrgui.engine.transport.sockets import set_unsent_limit

QUANTUM, SHARED_QUANTUM = frames.MAX_DATA, 16 * 1024
"""Bytes of a stream's turn, alone and while others wait."""
JOIN_BELOW = 4096
MOST_UNREAD = 4 * 1024 * 1024
"""Bytes of control frames, which never wait, that a peer may leave unread before it is given up: it asks for answers
and takes none."""


class LinkWriter(asyncio.Protocol):
    """`transport` is there while the main connection stands; `blocked` while it takes nothing."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.blocked = True
        self.closed = False
        self._out: list[Payload] = []
        self._out_size = 0
        self._flush_due = False
        self.depth = Depth()
        self._written = 0
        self._fresh: deque[Sending] = deque()
        self._ring: deque[Sending] = deque()

    def abort(self, exc: Exception, *, final: bool = True) -> None:
        """End the main connection now. Unless it is *final* its sub-connections wait for the next one."""
        raise NotImplementedError

    def set_depth(self, transport: asyncio.Transport) -> None:
        high = self.depth.high
        transport.set_write_buffer_limits(high, high // 4)
        set_unsent_limit(transport, high // 2)

    def pause_writing(self) -> None:
        self.blocked = True
        if self.transport is not None:
            self.depth.full(monotonic(), self._written - self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self.blocked = False
        transport = self.transport
        if transport is not None and self.depth.drained(monotonic(), self._written - transport.get_write_buffer_size()):
            self.set_depth(transport)
        self.pump()

    def put(self, stream_id: int, data: Payload, size: int) -> None:
        """Frame payload of a stream; it leaves with the rest of this turn of the loop."""
        out = self._out
        if size < JOIN_BELOW:
            out.append(frames.keep_head(stream_id, size) + data)
        elif size <= frames.MAX_DATA:
            out.append(frames.keep_head(stream_id, size))
            out.append(data)
        else:
            view = memoryview(data)
            for offset in range(0, size, frames.MAX_DATA):
                part = view[offset : offset + frames.MAX_DATA]
                out.append(frames.keep_head(stream_id, len(part)))
                out.append(part)
        self._out_size += size
        if self._out_size >= self.depth.high:
            self.flush()
        elif not self._flush_due:
            self._flush_due = True
            self.loop.call_soon(self.flush)

    def put_control(self, frame: bytes) -> None:
        """A frame that never waits for anything."""
        if self.closed:
            return
        self._out.append(frame)
        if not self._flush_due:
            self._flush_due = True
            self.loop.call_soon(self.flush)

    def put_packet(self, frame: bytes) -> None:
        """A datagram: dropped while the main connection is full."""
        if not self.blocked:
            self.put_control(frame)

    def flush(self) -> None:
        self._flush_due = False
        out, size = self._out, self._out_size
        transport = self.transport
        if not out or transport is None:
            return
        self._out = []
        self._out_size = 0
        if transport.is_closing():
            return
        if self.blocked and transport.get_write_buffer_size() > MOST_UNREAD:
            self.abort(RemoteProtocolError("the peer does not read the answers that it asks for"))
            return
        self._written += size
        if size < 16 * JOIN_BELOW:
            transport.write(b"".join(out))
        else:
            transport.writelines(out)
        if memory.used > memory.alarm:
            memory.pressed(self.loop)

    def make_ready(self, stream: Sending) -> None:
        """*stream* has bytes queued and may send: it waits for its turn."""
        if not stream.ring_member and not stream.suspended:
            stream.ring_member = True
            self._fresh.append(stream)
            if not self.blocked:
                self.pump()

    def pump(self) -> None:
        """Serve the waiting streams until the main connection is full again."""
        while not self.blocked and (self._fresh or self._ring):
            stream = self._fresh.popleft() if self._fresh else self._ring.popleft()
            if stream.worker is not self:
                continue  # it has moved to another link
            most = self.depth.high // 2
            stream.send_some(min(SHARED_QUANTUM if self._ring or self._fresh else QUANTUM, most))
            if stream.queue and stream.sent < stream.limit:
                self._ring.append(stream)
            else:
                stream.ring_member = False
            if self._out_size >= min(QUANTUM, most):
                self.flush()
