"""What this process holds for visitors: windows shrink as it grows, and beyond the budget who holds much for long
ends."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING
from weakref import WeakSet

from xrgui.engine.limits import RareLog

if TYPE_CHECKING:
    from xrgui.engine.mux.resumption import Resumption
    from xrgui.engine.mux.substream import SubStream
    from xrgui.engine.mux.worker import MuxWorker

log = logging.getLogger(__name__)

LEAST_WINDOW = 64 * 1024
"""What a window shrinks to at most while memory is short."""
LOOK = 1.0
"""Seconds between two looks at who makes progress, while more than a quarter of the budget is held."""


def default_memory() -> int:
    """A quarter of the machine's memory, or 256 MiB where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    except (AttributeError, OSError, ValueError):
        return 256 * 1024 * 1024


class Memory:
    """Bytes that all sub-connections of this process hold: received and not taken, queued, and sent without
    an acknowledgement. From half of `budget` on windows shrink; beyond it those end who hold the most for the
    longest. Whoever adds to `used` compares it with `alarm`, and nothing else: that is the path of every byte."""

    __slots__ = ("_budget", "_due", "_former", "_marks", "_rare", "_timer", "alarm", "resumptions", "used", "workers")

    def __init__(self) -> None:
        self.used = 0
        self.workers: set[MuxWorker] = set()
        self.resumptions: WeakSet[Resumption] = WeakSet()
        self._due = False
        self._rare = RareLog(log)
        self._timer: asyncio.TimerHandle | None = None
        self._marks: dict[SubStream, int] = {}
        """How far each holder had come at the last look."""
        self._former: dict[SubStream, int] = {}
        """And at the one before, so that a comparison is over one look's time at least."""
        self.budget = default_memory()

    @property
    def budget(self) -> int:
        return self._budget

    @budget.setter
    def budget(self, size: int) -> None:
        self._budget = size
        self._rest()

    def _rest(self) -> None:
        """There is plenty: nobody is looked at."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._marks, self._former = {}, {}
        self.alarm = self._budget // 4
        """What `used` may reach before `pressed` is to be called."""

    def window(self, wanted: int) -> int:
        """The window to grant where *wanted* bytes would be right."""
        free, half = self._budget - self.used, self._budget // 2
        if free >= half or wanted <= LEAST_WINDOW:
            return wanted
        return max(wanted * max(free, 0) // half, LEAST_WINDOW)

    def pressed(self, loop: asyncio.AbstractEventLoop) -> None:
        """`used` is over `alarm`: look who makes progress, and make room once this turn of the loop is over."""
        if self._timer is None:
            self.alarm = self._budget
            self._look(loop)
        if self.used > self._budget and not self._due:
            self._due = True
            loop.call_soon(self._make_room, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.used <= self._budget // 4:
            self._rest()
            return
        self._former, self._marks = self._marks, {stream: stream.progress for stream in self._holders()}
        self._timer = loop.call_later(LOOK, self._look, loop)

    def _make_room(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = False
        ended = 0
        for stream in sorted(self._holders(), key=self._burden, reverse=True):
            if self.used <= self._budget * 7 // 8:
                break
            stream.give_way("memory is short, and this one holds much for long")
            ended += 1
        if ended:
            text = "%d sub-connections ended: %d MiB are held for slow visitors, the limit"
            self._rare.warning(loop.time(), text, ended, self._budget >> 20)

    def _burden(self, stream: SubStream) -> float:
        """Bytes held, times the seconds that they take to go on at the pace of the last looks."""
        weight = stream.weight
        former = self._former.get(stream)
        moved = weight if former is None else stream.progress - former
        return weight * weight / (moved + 1)

    def _holders(self) -> set[SubStream]:
        found = {stream for resumption in self.resumptions for stream in resumption.streams}
        for worker in self.workers:
            found.update(worker.holders)
        return {stream for stream in found if stream.weight}


memory = Memory()
"""This process's."""
