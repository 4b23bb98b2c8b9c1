"""The event loop that the engine runs on: uvloop, winloop on Windows, asyncio's own where neither is."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""mallopt(3)."""
COLLECT_AFTER = 20_000
"""Objects more than before until cycles are looked for."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    _keep_read_buffers()
    _collect_rarely()
    with asyncio.Runner(loop_factory=_factory()) as runner:
        return runner.run(coroutine)


def _factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        if sys.platform == "win32":
            import winloop as fast
        else:
            import uvloop as fast
    except ImportError:
        return asyncio.new_event_loop
    return fast.new_event_loop


def _keep_read_buffers() -> None:
    """Keep glibc from giving each read's 256 KiB back to the system and faulting them in again: a fifth of the
    bulk rate (`make bench ARGS='--rows bulk'`)."""
    if sys.platform == "linux":
        try:
            mallopt = ctypes.CDLL(None).mallopt
        except (AttributeError, OSError):
            return
        mallopt(M_MMAP_THRESHOLD, 4 << 20)
        mallopt(M_TRIM_THRESHOLD, 16 << 20)


def _collect_rarely() -> None:
    """What a visitor costs dies by its reference counts: Python's usual look for cycles after every 700 new objects
    was a tenth of the time of each new connection."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)
