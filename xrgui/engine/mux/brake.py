"""Back-pressure towards a peer without credits, which knows but one kind: nobody reads the link.

A visitor who is slower than the link is no fault, so a link waits for one that holds its whole buffer, in short
pauses, and new visitors are sent over another link meanwhile. It does not wait for one that has come to a stand, nor,
where others are on the link, for one that takes little: that sub-connection ends alone.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from xrgui.engine.mux import extension

if TYPE_CHECKING:
    from xrgui.engine.mux.substream import SubStream
    from xrgui.engine.mux.worker import MuxWorker

TOO_SLOW = "reads too slowly for a peer without flow control"
PATIENCE = 1.0
"""Seconds between looks at those for whom the link waits."""
ALONE, IN_COMPANY = 32 * 1024, 512 * 1024
"""Bytes per second that one has to take, by itself on the link and beside others."""
PAUSE = 512 * 1024
"""How far below its limit one has to be before the link goes on: what a pause costs the others."""


class Brake:
    """One main connection's."""

    def __init__(self, worker: MuxWorker) -> None:
        self._worker = worker
        self._full: dict[SubStream, int] = {}
        """Who holds too much, and how much each had taken at the last look."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def on(self) -> bool:
        return bool(self._full)

    def hold(self, stream: SubStream) -> None:
        """*stream* has no room left: read no more until it has."""
        worker = self._worker
        transport = worker.transport
        if stream in self._full or transport is None or transport.is_closing():
            return
        if not self._full:
            transport.pause_reading()
            self._timer = self._worker.loop.call_later(PATIENCE, self._look)
        self._full[stream] = stream.taken

    def relieved(self, stream: SubStream) -> None:
        """*stream* holds less than it did."""
        limit = self._worker.buffer_limit
        if self._full and stream.held_size <= limit - min(PAUSE, limit // 2):
            self.release(stream)

    def release(self, stream: SubStream) -> None:
        """The link need not wait for *stream* any more."""
        if self._full.pop(stream, None) is None or self._full:
            return
        self.stop()
        transport = self._worker.transport
        self._worker.last_received = monotonic()
        if transport is not None and not transport.is_closing():
            transport.resume_reading()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        worker = self._worker
        self._timer = worker.loop.call_later(PATIENCE, self._look)
        company = len(worker.streams) - worker.permanent > len(self._full)
        least = (IN_COMPANY if company else ALONE) * PATIENCE
        for stream, taken in list(self._full.items()):
            if stream.taken - taken < least:
                stream.overflow(extension.TOO_SLOW, TOO_SLOW)
            else:
                self._full[stream] = stream.taken
