"""A passphrase: to open something, or a new one, typed twice."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from xrgui.ui.dialogs.base import Dialog
from xrgui.ui.language import tr
from xrgui.ui.widgets.field import Field, form_grid

SHORTEST = 8


class Passphrase(Dialog):
    given = Signal(str)

    def __init__(self, parent: QWidget | None, title: str, text: str, main: str, *, new: bool) -> None:
        super().__init__(parent, title, text, width=480)
        self._new = new
        self.first, self.second = QLineEdit(), QLineEdit()
        for edit in (self.first, self.second):
            edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.fields = [
            Field(tr("Passphrase"), self.first, self.first),
            Field(tr("Once more"), self.second, self.second),
        ]
        grid = form_grid()
        for field in self.fields[: 2 if new else 1]:
            field.add_to(grid)
        self.set_body(grid)
        self.set_buttons(main)
        self.main.clicked.disconnect()
        self.main.clicked.connect(self._give)
        self.first.setFocus()
        self.fit()

    def refuse(self, text: str) -> None:
        """It was not the right one; ask again."""
        self.fields[0].say("error", text)
        self.first.selectAll()
        self.first.setFocus()

    def _give(self) -> None:
        text = self.first.text()
        if self._new and len(text) < SHORTEST:
            self.refuse(tr("At least {n} character.|At least {n} characters.", SHORTEST))
        elif self._new and text != self.second.text():
            self.fields[1].say("error", tr("The two differ."))
        elif text:
            self.given.emit(text)
