"""Every coroutine that nobody awaits: named, held until it ends, its failure told."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any

log = logging.getLogger("xrgui.window")

STUBBORN = 3.0
"""Seconds that a cancelled task has to end."""

_running: set[asyncio.Task[Any]] = set()


def spawn(
    coroutine: Coroutine[Any, Any, Any], name: str, failed: Callable[[BaseException], None] | None = None
) -> asyncio.Task[Any]:
    """Run *coroutine* in the window's loop; *failed* gets what it raises, else the log does.

    Qt delivers events while that loop pauses too: in its last turn, and between the steps of a test.
    """
    task = asyncio.get_event_loop().create_task(coroutine, name=name)
    _running.add(task)

    def ended(task: asyncio.Task[Any]) -> None:
        _running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        log.error("%s: %s", task.get_name(), error, exc_info=error)
        if failed is not None:
            failed(error)

    task.add_done_callback(ended)
    return task


class DaemonThreads(Executor):
    """A thread for each call, which never holds the program's end up: a keyring whose prompt nobody answers
    would, for as long as its patience lasts."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, daemon=True, name="xrgui worker").start()
        return future


async def cancel_all() -> None:
    """End every task but the caller's; one that does not let itself be ended is left behind."""
    others = [task for task in _running if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=STUBBORN)
