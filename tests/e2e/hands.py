"""Mouse and keyboard of a real X server, and patience."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QLineEdit, QWidget

PATIENCE = 20.0


async def xdotool(*words: str) -> None:
    await asyncio.to_thread(subprocess.run, ["xdotool", *words], check=True, stdout=subprocess.DEVNULL)


async def until(what: str, condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait for *condition*; AssertionError names *what* after *patience* seconds."""
    ends = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < ends, f"waited in vain: {what}"
        await asyncio.sleep(0.03)


async def click_at(point: QPoint, button: int = 1) -> None:
    await xdotool("mousemove", "--sync", str(point.x()), str(point.y()))
    await asyncio.sleep(0.05)
    await xdotool("click", str(button))
    await asyncio.sleep(0.1)


async def click(widget: QWidget, inside: QRect | None = None, button: int = 1) -> None:
    await until(f"{widget.accessibleName() or widget} is seen", widget.isVisible)
    area = inside or widget.rect()
    await click_at(widget.mapToGlobal(area.center()), button)


async def type_text(text: str) -> None:
    await xdotool("type", "--delay", "8", text)


async def fill(field: QLineEdit, text: str) -> None:
    """Into the *field* that has the focus. On a busy machine a key is lost now and then: then once more."""
    for _ in range(3):
        await type_text(text)
        with suppress(AssertionError):
            await until("the text", lambda: field.text() == text, 2)
            return
        await press("ctrl+a")
    raise AssertionError(f"{text!r} was typed, {field.text()!r} arrived")


async def press(*keys: str) -> None:
    for key in keys:
        await xdotool("key", key)
        await asyncio.sleep(0.05)
