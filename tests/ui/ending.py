"""The end of a program that a test made."""

from __future__ import annotations

from xrgui.ui.app import Program
from xrgui.ui.tasks import cancel_all

_ended: list[Program] = []
"""Kept: what Qt deletes while no loop of its own runs has ended the whole run."""


async def end(program: Program) -> None:
    """Its tasks are over, and its window is closed."""
    await cancel_all()
    program.shell._quitting = True
    program.shell.window.close()
    _ended.append(program)
