"""The end of a program that a test made."""

from __future__ import annotations

import shiboken6

from xrgui.ui.app import Program
from xrgui.ui.tasks import cancel_all


async def end(program: Program) -> None:
    """Nothing of it stays: no Qt loop runs here that would delete later, and a style sheet is worked out for every
    widget there is."""
    await cancel_all()
    program.shell._quitting = True
    program.shell.window.close()
    shiboken6.delete(program.shell.window)
