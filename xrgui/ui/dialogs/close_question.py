"""What shall become of the tunnels when the window is closed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.language import tr
from xrgui.ui.widgets.basic import button, column


class CloseQuestion(Dialog):
    answered = Signal(str, bool)
    """hide or quit, and whether that counts from now on."""

    def __init__(self, parent: QWidget | None, running: int, *, tray: bool) -> None:
        """Without a *tray* the window can only be made small."""
        text = tr(
            "{n} tunnel is running. xrgui can stay in the tray and keep it up.|"
            "{n} tunnels are running. xrgui can stay in the tray and keep them up.",
            running,
        )
        if not tray:
            text = tr(
                "{n} tunnel is running. This desktop has no tray, but the window can be minimized.|"
                "{n} tunnels are running. This desktop has no tray, but the window can be minimized.",
                running,
            )
        super().__init__(parent, tr("Close the window"), text, width=470)
        self.remember = QCheckBox(tr("Do so from now on"))
        self.set_body(column(self.remember))
        quit_button = button(tr("Stop and quit"))
        quit_button.clicked.connect(lambda: self._answer("quit"))
        self.set_buttons(tr("Stay in the tray") if tray else tr("Minimize"), quit_button)
        self.main.clicked.disconnect()
        self.main.clicked.connect(lambda: self._answer("hide"))
        self.fit()

    def _answer(self, what: str) -> None:
        self.answered.emit(what, self.remember.isChecked())
        self.accept()
