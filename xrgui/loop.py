"""The event loop that the engine runs on: uvloop, winloop on Windows, asyncio's own where neither is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
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
