"""Ends a child process with its parent: however the parent dies, its end of the pipe closes."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable


def watch_stdin(ended: Callable[[], object]) -> None:
    """Call *ended* on the running loop once whoever holds the other end of stdin is gone."""
    running = asyncio.get_running_loop()

    def read() -> None:
        while _read():
            pass
        try:
            running.call_soon_threadsafe(ended)
        except RuntimeError:
            pass  # the loop is closed: the program ends anyway

    threading.Thread(target=read, name="stdin", daemon=True).start()


def _read() -> bytes:
    try:
        return os.read(0, 4096)
    except OSError:
        return b""
