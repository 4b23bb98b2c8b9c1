"""Whether the other end of a main connection still answers, found out with the echo that every peer gives.

A link is dead when an echo is under way, nothing at all has come for a time that follows the measured round trip,
and the system saw no acknowledgement of our bytes either. While acknowledgements come, the peer's reader is stuck
rather than its link dead: such a link gets no new visitors, and half a minute until it is given up. One to a stock
peer, whose sub-connections cannot go on elsewhere, is kept for longer than that.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xrgui.engine.mux.worker import MuxWorker

SHORTEST_LOOK, STUCK_LOOK, IDLE_LOOK = 0.02, 0.2, 2.0
"""Seconds until the next look: at least, at a peer that is stuck, and without sub-connections. Otherwise the look comes
when the silence is due."""
STOOD_STILL = 0.1
"""Seconds that a look comes late when this process was stopped or busy: what came meanwhile is read first."""
QUIET = 0.3
"""Seconds of silence after which a busy link is asked."""
LEAST_TIMEOUT, FIRST_TIMEOUT, MOST_TIMEOUT = 0.6, 3.0, 8.0
PATIENT_TIMEOUT = 120.0
"""For a stock peer: its sub-connections die with the link, and one that did not hear of the link's end goes on to count
on it, for half a minute or more. A silence may pass: after a minute the system's next repetition of what was lost comes
at 102 s. A successor is there before."""
STUCK_TIMEOUT = 30.0
_LAST_ACK_OFFSET = 56
"""Of tcpi_last_ack_recv (milliseconds) in struct tcp_info, linux/tcp.h."""


class Health:
    """Started with the worker's main connection, stopped with its loss."""

    def __init__(self, worker: MuxWorker) -> None:
        self._worker = worker
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        """When the next look should be."""
        self._excused = False

    def start(self) -> None:
        self._schedule()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def look_soon(self) -> None:
        """Somebody came, or an echo was just asked for: do not wait for the next idle look."""
        self.stop()
        self._schedule()

    @property
    def late(self) -> bool:
        """An echo takes so long that new visitors had better go elsewhere."""
        echoes = self._worker.echoes
        return bool(echoes) and monotonic() - echoes[0] > self._timeout() / 2

    @property
    def silent(self) -> bool:
        """The link would be given up, were it not for those who are on it."""
        worker = self._worker
        return bool(worker.echoes) and monotonic() - max(worker.echoes[0], worker.last_received) >= self._timeout()

    def _schedule(self) -> None:
        worker = self._worker
        now = monotonic()
        delay = IDLE_LOOK
        if worker.echoes:
            due = max(worker.echoes[0], worker.last_received) + self._timeout() - now
            delay = max(due, SHORTEST_LOOK) if due > 0 else STUCK_LOOK
        elif len(worker.streams) > worker.permanent:
            delay = max(worker.last_received + QUIET - now, SHORTEST_LOOK)
        self._look_in(delay)

    def _look_in(self, delay: float) -> None:
        self._due = monotonic() + delay
        self._timer = self._worker.loop.call_later(delay, self._look)

    def _timeout(self) -> float:
        rtt = self._worker.rtt
        if rtt is None:
            return FIRST_TIMEOUT
        return min(max(4 * rtt + 0.2, LEAST_TIMEOUT), MOST_TIMEOUT)

    def _look(self) -> None:
        worker = self._worker
        now = monotonic()
        self._excused = now - self._due > STOOD_STILL and not self._excused
        if self._excused:
            self._look_in(SHORTEST_LOOK)
            return
        worker.report_all()
        if worker.brake.on:
            worker.last_received = now
        elif worker.echoes:
            waited = now - max(worker.echoes[0], worker.last_received)
            if waited >= self._timeout() and self._judge(waited):
                return
        elif now - worker.last_received >= QUIET:
            worker.ping()
        self._schedule()

    def _judge(self, waited: float) -> bool:
        """Whether a link that does not answer was given up."""
        worker = self._worker
        if self._acknowledged(waited):
            if waited < STUCK_TIMEOUT:
                return False
            worker.abort(TimeoutError(f"the other end of the link reads but has not answered for {waited:.0f} s"))
            return True
        if worker.fell_silent is not None:
            worker.fell_silent()
        if worker.peer is None and waited < PATIENT_TIMEOUT:
            return False
        worker.abort(TimeoutError(f"the other end of the link has been silent for {waited:.1f} s"), final=False)
        return True

    def _acknowledged(self, waited: float) -> bool:
        """Whether the system got an acknowledgement while we waited."""
        if sys.platform != "linux" or self._worker.transport is None:
            return False
        sock = self._worker.transport.get_extra_info("socket")
        if sock is None or sock.family == socket.AF_UNIX:
            return False
        try:
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        except OSError:
            return False
        (last_ack,) = struct.unpack_from("=I", info, _LAST_ACK_OFFSET)
        return bool(last_ack / 1000 < waited - 0.05)
