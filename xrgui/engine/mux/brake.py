"""Back-pressure towards a peer without credits, which knows but one kind: nobody reads the link.

A visitor who is slower than the link is no fault. While one that holds its whole buffer has the link to itself, the
link waits for it, and new visitors are sent over another one. Where others are on the link, nobody waits: the one that
is over its limit ends alone. So does one that has come to a stand.
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
PATIENCE = 3.0
"""Seconds between looks at one for whom the link waits."""
LEAST_RATE = 64 * 1024
"""Bytes per second that such a visitor has to take."""


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
        if len(worker.streams) - worker.permanent > len(self._full) + 1:
            stream.overflow(extension.TOO_SLOW, TOO_SLOW)
            return
        if not self._full:
            transport.pause_reading()
            self._timer = self._worker.loop.call_later(PATIENCE, self._look)
        self._full[stream] = stream.taken

    def release(self, stream: SubStream) -> None:
        """*stream* has room again, or is gone."""
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
        self._timer = self._worker.loop.call_later(PATIENCE, self._look)
        for stream, taken in list(self._full.items()):
            if stream.taken - taken < LEAST_RATE * PATIENCE:
                stream.overflow(extension.TOO_SLOW, TOO_SLOW)
            else:
                self._full[stream] = stream.taken
