"""How much one turn of the loop takes from each socket.

uvloop reads a socket that fills its buffer up to 32 times before it looks at the next one, and all of it is to be
framed and written: with four downloads a turn took 4 ms, and a small request waits for several turns on its way. Here
who has given a whole read waits for the next turn, unless there is nobody else. A read may hold 28,000 frames of one
byte, too, which take a hundred times as long as big ones: no link has more than some of them handled in one turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xrgui.engine.mux.sending import Sending
    from xrgui.engine.mux.worker import MuxWorker

WHOLE_READ = 65536
"""Bytes from which on there may be more behind them."""
MOST_EVENTS = 1024
"""Frames of one link in a turn: a few milliseconds at most."""


class Turns:
    """Of one main connection and of those who send over it."""

    def __init__(self, worker: MuxWorker) -> None:
        self._worker = worker
        self._senders: list[Sending] = []
        self._reader = False
        self._more = False
        self._due = False

    def sent(self, stream: Sending) -> None:
        """*stream* has sent a whole read of its local side."""
        if self._in_company:
            stream.pause()
            self._senders.append(stream)
            self._end_soon()

    def received(self) -> None:
        """The main connection has given a whole read."""
        if self._in_company:
            self._hold_reader()

    def interrupted(self) -> None:
        """It has given more frames than are handled in one turn."""
        self._more = True
        self._hold_reader()

    def _hold_reader(self) -> None:
        transport = self._worker.transport
        if not self._reader and transport is not None and not transport.is_closing():
            self._reader = True
            transport.pause_reading()
        self._end_soon()

    @property
    def _in_company(self) -> bool:
        return len(self._worker.streams) - self._worker.permanent > 1

    def _end_soon(self) -> None:
        if not self._due:
            self._due = True
            self._worker.loop.call_soon(self._next)

    def _next(self) -> None:
        self._due = False
        worker = self._worker
        senders, self._senders = self._senders, []
        for stream in senders:
            if stream.worker is worker and not worker.closed:
                stream.unpause()
        held, self._reader = self._reader, False
        if self._more:
            self._more = False
            worker.receive()
        transport = worker.transport
        if held and not self._reader and transport is not None and not transport.is_closing() and not worker.brake.on:
            transport.resume_reading()
