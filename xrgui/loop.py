"""The event loop that the engine runs on: uvloop, winloop on Windows, asyncio's own where neither is."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from collections.abc import Callable, Coroutine
from time import process_time
from typing import Any, TypeVar

T = TypeVar("T")


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""mallopt(3)."""
COLLECT_AFTER = 20_000
"""Objects more than before until cycles are looked for."""
TIDY, SPARINGLY = 60.0, 10_000
"""Seconds, and times what it took, until all cycles are looked for and free memory is given back once more."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    libc = _libc()
    if libc is not None:
        _keep_read_buffers(libc)
    _collect_rarely()
    with asyncio.Runner(loop_factory=_factory()) as runner:
        loop = runner.get_loop()
        loop.call_later(TIDY, _tidy, loop, libc)
        return runner.run(coroutine)


def _libc() -> ctypes.CDLL | None:
    """The C library, where it is glibc."""
    if sys.platform != "linux":
        return None
    try:
        libc = ctypes.CDLL(None)
    except OSError:
        return None
    return libc if hasattr(libc, "malloc_trim") else None


def _factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        if sys.platform == "win32":
            import winloop as fast
        else:
            import uvloop as fast
    except ImportError:
        return asyncio.new_event_loop
    return fast.new_event_loop


def _keep_read_buffers(libc: ctypes.CDLL) -> None:
    """Keep glibc from giving each read's 256 KiB back to the system and faulting them in again: a fifth of the
    bulk rate (`make bench ARGS='--rows bulk'`)."""
    libc.mallopt(M_MMAP_THRESHOLD, 4 << 20)
    libc.mallopt(M_TRIM_THRESHOLD, 16 << 20)


def _collect_rarely() -> None:
    """What a visitor costs dies by its reference counts: Python's usual look for cycles after every 700 new objects
    was a tenth of the time of each new connection."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


def _tidy(loop: asyncio.AbstractEventLoop, libc: ctypes.CDLL | None) -> None:
    """After a busy minute glibc keeps 10 to 30 MiB for the next reads, and each main connection that was lost has left
    a cycle of 6 KiB. It takes a millisecond at a desktop, 70 beside 10,000 visitors."""
    began = process_time()
    gc.collect()
    if libc is not None:
        libc.malloc_trim(0)
    loop.call_later(max(TIDY, SPARINGLY * (process_time() - began)), _tidy, loop, libc)
