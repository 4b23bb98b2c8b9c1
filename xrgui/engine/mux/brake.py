"""Back-pressure towards a peer without credits, which knows but one kind: nobody reads the link.

A visitor who is slower than the link is no fault, so while one holds its whole buffer the main
connection waits, as it does between stock peers. Unlike there it does not wait for one who has come
to a stand: that sub-connection ends, and the others go on.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from xrgui.engine.mux import extension

if TYPE_CHECKING:
    from xrgui.engine.mux.substream import SubStream
    from xrgui.engine.mux.worker import MuxWorker

PATIENCE = 3.0
"""Seconds between looks at those for whom everybody waits."""
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
        transport = self._worker.transport
        if stream in self._full or transport is None or transport.is_closing():
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
                stream.overflow(extension.TOO_SLOW, "reads too slowly for a peer without flow control")
            else:
                self._full[stream] = stream.taken
