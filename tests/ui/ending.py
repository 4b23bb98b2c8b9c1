"""What a test made ends with it: no Qt loop runs here that would delete later."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from xrgui.ui.app import Program
from xrgui.ui.tasks import cancel_all


def delete_now() -> None:
    """What was to be deleted later; what outlives the collection of its parent in Python ends the process."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


async def end(program: Program) -> None:
    await cancel_all()
    program.shell._quitting = True
    program.shell.window.close()
    program.shell.window.deleteLater()
    delete_now()
