"""A loop without sockets or waiting: what was asked for soon runs when it is told to, timers when time is made."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any


class Handle:
    def __init__(self, when: float, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.when = when
        self.callback = callback
        self.args = args
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeLoop:
    """The running loop inside its ``with`` block."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._soon: deque[Handle] = deque()
        self._timers: list[tuple[float, int, Handle]] = []
        self._numbers = count()

    def __enter__(self) -> FakeLoop:
        self._outer = asyncio._get_running_loop()
        asyncio._set_running_loop(self)  # type: ignore[arg-type]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio._set_running_loop(self._outer)

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[..., object], *args: Any) -> Handle:
        handle = Handle(self.now, callback, args)
        self._soon.append(handle)
        return handle

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Handle:
        handle = Handle(self.now + delay, callback, args)
        heapq.heappush(self._timers, (handle.when, next(self._numbers), handle))
        return handle

    @property
    def soon(self) -> int:
        return len(self._soon)

    def run(self) -> None:
        """What was asked for soon, one turn."""
        for _ in range(len(self._soon)):
            handle = self._soon.popleft()
            if not handle.cancelled:
                handle.callback(*handle.args)

    def settle(self) -> None:
        while self._soon:
            self.run()

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            when, _, handle = heapq.heappop(self._timers)
            self.now = max(self.now, when)  # a test may have moved it on, as for a process that was stopped
            if not handle.cancelled:
                handle.callback(*handle.args)
            self.settle()
        self.now = until
